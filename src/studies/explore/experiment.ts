// Draws a whole experiment: a fleet, an audience, mailings, faults, and changes of contacts. All faults end by
// an hour that is drawn too. After that calm every delivery must end, and one more mailing must reach every
// active contact.

import { isDeepStrictEqual } from 'node:util';
import { localPartOf } from '../../base/addresses.js';
import { parseDuration } from '../../base/units.js';
import type { Data, ScenarioDocument } from './document.js';
import { Draw } from './draw.js';
import { thatMayAct } from './acting.js';
import { drawBehavior, FAULTS, IDLE, RARE, type Fault } from './faults.js';
import { drawEvents } from './happenings.js';
import { durationText, Moments } from './moments.js';
import { drawPolicy } from './policies.js';

export interface ExperimentOptions {
  seed: string;
  /** Policies to choose from: names, paths, or policies as data. */
  policies: readonly Data[];
  /** Draw policies too. */
  drawsPolicies?: boolean;
  /** Names of the faults that may be enabled. */
  faults: readonly string[];
}

const DOMAINS = ['a.test', 'b.test', 'c.test'];
/** Probability of each fault; one of these is drawn for an experiment, so that some have few faults, some many. */
const ENABLED = [0.06, 0.15, 0.3];
const RARELY = 0.05;
/** Probability that an enabled fault is used by a domain. */
const PRESENT = 0.6;
const DRAWN_POLICY = 0.6;

const HOUR_MS = 3_600_000;
/** From the last fault to the last mailing: longer than contacts change, and than any host is suspended. */
const CALM_AFTER_HOURS = 14;
const ACTS_FOR_HOURS = 10;
/** Name of the mailing after the faults. */
const CALM = 'calm';

/** The experiment of a number; always the same for the same options. */
export function drawExperiment(index: number, options: ExperimentOptions): ScenarioDocument {
  return new Experiment(new Draw(options.seed, index), options).document(
    `Experiment ${index} of seed ${options.seed}`,
    index,
  );
}

/**
 * Whether the last mailing of a scenario can still be judged: all faults end before it begins.
 *
 * @param drawn the experiment from which it was made
 */
export function endsInCalm(scenario: ScenarioDocument, drawn: ScenarioDocument): boolean {
  const calmOf = ({ mailings }: ScenarioDocument): Data | undefined =>
    (Array.isArray(mailings) ? mailings : []).find((one) => isRecord(one) && one['name'] === CALM);
  const calm = calmOf(scenario);
  return calm !== undefined && isDeepStrictEqual(calm, calmOf(drawn)) && hasOnlyTemporary(scenario);
}

/** Whether all behaviors and DNS answers are limited in time. */
function hasOnlyTemporary(data: Data): boolean {
  if (typeof data !== 'object' || data === null) return true;
  if (isRecord(data) && ('do' in data || 'answer' in data) && !('until' in data || 'during' in data))
    return false;
  return Object.values(data).every(hasOnlyTemporary);
}

function isRecord(data: Data): data is { [key: string]: Data } {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

class Experiment {
  private readonly faults: ReadonlySet<string>;
  private readonly behaviors: Extract<Fault, { kind: 'behavior' }>[];
  private readonly domains: string[];
  private readonly contacts: string[];
  private readonly hours: number;
  private readonly policy: Data;
  private readonly latency: string;
  private readonly moments: Moments;

  constructor(
    private readonly draw: Draw,
    private readonly options: ExperimentOptions,
  ) {
    const enabled = draw.one(ENABLED);
    this.faults = new Set(options.faults.filter((name) => draw.chance(RARE.has(name) ? RARELY : enabled)));
    this.behaviors = [...this.faults].flatMap((name) => {
      const fault = FAULTS.get(name);
      return fault?.kind === 'behavior' ? [fault] : [];
    });
    this.domains = DOMAINS.slice(0, draw.int(1, DOMAINS.length));
    this.hours = draw.chance(0.7) ? draw.int(1, 8) : draw.int(1, 40);
    // Sometimes more contacts than the sender opens connections.
    const most = draw.chance(0.15) ? 12 : 4;
    this.contacts = this.domains.flatMap((domain) => draw.many(1, most, (n) => `c${n + 1}@${domain}`));
    this.policy =
      options.drawsPolicies && draw.chance(DRAWN_POLICY) ? drawPolicy(draw) : draw.one(options.policies);
    this.latency = draw.one(['0s', '5ms', '200ms', '2s']);
    this.moments = new Moments(draw, {
      untilMs: (this.hours + ACTS_FOR_HOURS) * HOUR_MS,
      stepsMs: stepsOf(this.policy),
      latencyMs: parseDuration(this.latency)!,
    });
  }

  document(name: string, index: number): ScenarioDocument {
    const mailings = this.mailings();
    const { draw, moments, faults, contacts, domains } = this;
    const names = mailings.map((mailing) => mailing['name'] as string);
    const events: { [key: string]: Data }[] = [
      ...drawEvents({ draw, moments, faults, contacts, domains, mailings: names }),
      ...this.changes(),
    ];
    mailings.push(...this.automated(events));
    const ends = { state: 'completed', inProgress: 0 };
    const calm = { name: CALM, at: `${this.hours + CALM_AFTER_HOURS}h` };
    return {
      name,
      seed: `${this.options.seed}-${index}`,
      policy: this.policy,
      network: { latency: this.latency },
      fleet: Object.fromEntries(domains.map((domain) => [domain, this.domain(domain)])),
      audience: { contacts: contacts.map((address) => this.contact(address)) },
      mailings: [...mailings, calm],
      ...(events.length > 0 ? { events } : {}),
      expect: [
        {
          at: 'end',
          ...Object.fromEntries(names.map((mailing) => [mailing, ends])),
          [CALM]: { ...ends, bounced: { soft: 0, hard: 0 } },
        },
      ],
    };
  }

  private domain(domain: string): Data {
    const faults = this.behaviors.filter((fault) => fault.domain && this.draw.chance(PRESENT));
    const behaviors = thatMayAct(
      faults.map((fault) => drawBehavior(this.draw, fault, this.hours, 'domain')),
      'domain',
    );
    const mailboxes: { [key: string]: Data } = {};
    const forMailboxes = this.behaviors.filter(({ mailbox }) => mailbox);
    for (const address of this.contacts) {
      if (!address.endsWith(`@${domain}`) || forMailboxes.length === 0 || !this.draw.chance(0.4)) continue;
      const local = localPartOf(address);
      const drawn = this.draw.many(1, 2, () =>
        drawBehavior(this.draw, this.draw.one(forMailboxes), this.hours, 'mailbox'),
      );
      mailboxes[local] = thatMayAct(drawn, 'mailbox');
    }
    return {
      ...(this.faults.has('tls') ? this.draw.maybe(0.6, () => ({ tls: true })) : {}),
      ...this.dns(),
      ...this.hosts(),
      ...(behaviors.length > 0 ? { behaviors } : {}),
      ...(Object.keys(mailboxes).length > 0 ? { mailboxes } : {}),
    };
  }

  /** A DNS fault, limited in time: a domain that never resolves would leave nothing to test. */
  private dns(): { [key: string]: Data } {
    if (!this.faults.has('dns') || this.draw.chance(0.5)) return {};
    const answer = this.draw.one(['a-only', 'nxdomain', 'servfail', 'null-mx', 'timeout']);
    const to = this.draw.int(1, this.hours);
    const when: { [key: string]: Data } = this.draw.chance(0.3)
      ? { during: `${this.draw.int(0, to - 1)}h..${to}h` }
      : { until: `${to}h` };
    return { dns: { answer, ...when } };
  }

  private hosts(): { [key: string]: Data } {
    if (!this.faults.has('hosts') || this.draw.chance(0.5)) return {};
    const hosts = this.draw.many(1, 3, (n): { [key: string]: Data } => {
      const preference = this.draw.one([10, 10, 20]);
      // The first host always has an address, so that the domain can receive mail after the faults.
      if (n > 0 && this.draw.chance(0.1)) return { name: `mx${n + 1}`, preference, address: 'none' };
      const faults = this.behaviors.filter((fault) => fault.domain && this.draw.chance(0.4));
      const behaviors = thatMayAct(
        faults.map((fault) => drawBehavior(this.draw, fault, this.hours, 'domain')),
        'host',
      );
      return { name: `mx${n + 1}`, preference, ...(behaviors.length > 0 ? { behaviors } : {}) };
    });
    return { hosts };
  }

  private contact(address: string): Data {
    if (!this.faults.has('status') || this.draw.chance(0.5)) return address;
    const status = this.draw.one(['active', 'active', 'error', 'opt-out']);
    return { address, status, softBounceStreak: this.draw.int(0, 4) };
  }

  private mailings(): { [key: string]: Data }[] {
    const { draw, moments } = this;
    return draw.many(1, 4, (n) => {
      const building = draw.one([5000, 5000, 0, 600_000]);
      const starts = n === 0 ? moments.any() : this.nextMailing();
      const at = Math.max(0, starts - building);
      moments.begins(at + building);
      return {
        name: `m${n + 1}`,
        at: durationText(at),
        ...(building === 5000 ? {} : { building: durationText(building) }),
        ...draw.maybe(0.2, () =>
          draw.one<{ [key: string]: Data }>([
            { to: { domain: draw.one(this.domains) } },
            { to: [draw.one(this.contacts)] },
          ]),
        ),
        ...draw.maybe(0.1, () => ({ message: { size: draw.one(['1kb', '20kb', '200kb']) } })),
      };
    });
  }

  /** When a mailing after the first begins: at any time, or soon after the one before it. */
  private nextMailing(): number {
    const { draw, moments, faults } = this;
    if (faults.has('idle-close') && draw.chance(0.5))
      return moments.whenIdleFor(parseDuration(draw.one(IDLE))!);
    return draw.chance(0.35) ? moments.soon() : moments.any();
  }

  /** Automated mailings. */
  private automated(events: readonly { [key: string]: Data }[]): { [key: string]: Data }[] {
    if (!this.faults.has('automated')) return [];
    const { draw, moments } = this;
    const at = (): string => durationText(moments.any());
    const every = draw.one(['20m', '1h', '6h']);
    const digest = { name: 'digest', kind: 'automated', every, count: draw.int(1, 4), at: at() };
    // A welcome needs contacts that are added during the run.
    if (!events.some((event) => 'add' in event) || draw.chance(0.3)) return [digest];
    const welcome = { name: 'welcome', kind: 'automated', on: 'contact-added', at: draw.one(['0s', at()]) };
    return draw.chance(0.5) ? [welcome] : [welcome, digest];
  }

  /** Events that change the behaviors of a domain. */
  private changes(): { [key: string]: Data }[] {
    const settable = this.behaviors.filter(({ domain }) => domain);
    if (!this.faults.has('set') || settable.length === 0) return [];
    const { draw, hours } = this;
    return draw.many(1, 2, () => {
      const behaviors = [drawBehavior(draw, draw.one(settable), hours, 'domain')];
      return { at: `${draw.int(0, hours - 1)}h`, set: draw.one(this.domains), behaviors };
    });
  }
}

/** Retry intervals of a drawn policy, ms; for others 30 minutes, as in most that ship. */
function stepsOf(policy: Data): number[] {
  const { retry } = (typeof policy === 'object' ? policy : {}) as {
    retry?: { interval?: string | string[] };
  };
  return [retry?.interval ?? '30m'].flat().map((step) => parseDuration(step)!);
}
