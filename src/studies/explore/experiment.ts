// Draws a whole experiment: a fleet, an audience, mailings, faults, and changes of contacts. All faults end by
// an hour that is drawn too. After that calm every delivery must end, and one more mailing must reach every
// active contact.

import { isDeepStrictEqual } from 'node:util';
import { parseDuration } from '../../base/units.js';
import type { Data, ScenarioDocument } from './document.js';
import { Draw } from './draw.js';
import { withoutIdle } from './acting.js';
import { Behaviors } from './behaviors.js';
import { IDLE, RARE } from './faults.js';
import { drawFleet } from './fleet.js';
import { drawEvents } from './happenings.js';
import type { Subject } from './hosts.js';
import { durationText, Moments } from './moments.js';
import { drawContact, DrawnPeople } from './people.js';
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

/** Probability of each fault; one of these is drawn for an experiment, so that some have few faults, some many. */
const ENABLED = [0.06, 0.15, 0.3];
const RARELY = 0.05;
const DRAWN_POLICY = 0.6;

const HOUR_MS = 3_600_000;
/** From the last fault to the last mailing: longer than contacts change, and than any host is suspended. */
const CALM_AFTER_HOURS = 14;
const ACTS_FOR_HOURS = 10;
/** Name of the mailing after the faults. */
const CALM = 'calm';

/** The experiment of a number; always the same for the same options. */
export function drawExperiment(index: number, options: ExperimentOptions): ScenarioDocument {
  const experiment = new Experiment(new Draw(options.seed, index), options);
  return withoutIdle(experiment.document(`Experiment ${index} of seed ${options.seed}`, index));
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
  private readonly behaviors: Behaviors;
  private readonly people: DrawnPeople;
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
    this.people = new DrawnPeople(draw, this.faults);
    this.hours = draw.chance(0.7) ? draw.int(1, 8) : draw.int(1, 40);
    this.behaviors = new Behaviors(draw, this.faults, this.hours);
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
    const { draw, moments, faults, behaviors, people, hours } = this;
    const names = mailings.map((mailing) => mailing['name'] as string);
    const { keys, subjects } = drawFleet({ draw, faults, behaviors, people, hours });
    const events: { [key: string]: Data }[] = [
      ...drawEvents({ draw, moments, faults, people, mailings: names }),
      ...this.changes(subjects),
    ];
    mailings.push(...this.automated(events));
    const ends = { state: 'completed', inProgress: 0 };
    const calm = { name: CALM, at: `${this.hours + CALM_AFTER_HOURS}h` };
    return {
      name,
      seed: `${this.options.seed}-${index}`,
      policy: this.policy,
      network: { latency: this.latency },
      ...keys,
      audience: { contacts: people.contacts.map((address) => drawContact(draw, faults, address)) },
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
            { to: { domain: this.people.spelled(draw.one(this.people.served)) } },
            { to: [this.people.any()] },
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
    // A welcome needs contacts that are added during the run, and not known in another spelling.
    const isNew = (address: Data | undefined): boolean => typeof address === 'string' && /^new/.test(address);
    if (!events.some(({ add }) => isNew(add)) || draw.chance(0.3)) return [digest];
    const welcome = { name: 'welcome', kind: 'automated', on: 'contact-added', at: draw.one(['0s', at()]) };
    return draw.chance(0.5) ? [welcome] : [welcome, digest];
  }

  /** Events that change the behaviors of a domain, a site, a host or a mailbox. */
  private changes(subjects: readonly Subject[]): { [key: string]: Data }[] {
    if (!this.faults.has('set')) return [];
    const { draw, hours, people } = this;
    const drawn = draw.many(1, 2, () => {
      const { name, place } = draw.one(subjects);
      const behaviors = this.behaviors.set(place);
      return behaviors && { at: `${draw.int(0, hours - 1)}h`, set: people.spelled(name), behaviors };
    });
    return drawn.filter((event) => event !== undefined);
  }
}

/** Retry intervals of a drawn policy, ms; for others 30 minutes, as in most that ship. */
function stepsOf(policy: Data): number[] {
  const { retry } = (typeof policy === 'object' ? policy : {}) as {
    retry?: { interval?: string | string[] };
  };
  return [retry?.interval ?? '30m'].flat().map((step) => parseDuration(step)!);
}
