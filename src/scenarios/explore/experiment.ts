// Draws a whole experiment: a fleet, an audience, mailings, what fails, and what people do
// meanwhile. Faults come first and end by an hour that is drawn too; after that everything must come
// to an end, and the scenario expects it.

import type { Data, ScenarioDocument } from './document.js';
import { Draw } from './draw.js';
import { drawBehavior, FAULTS, type Fault } from './faults.js';

export interface ExperimentOptions {
  seed: string;
  /** Policies to choose from: names, paths, or policies as data. */
  policies: readonly Data[];
  /** Names of the faults that may be enabled. */
  faults: readonly string[];
}

const DOMAINS = ['a.test', 'b.test', 'c.test'];
/** How likely each fault is in one experiment, and what of an enabled one is really drawn. */
const ENABLED = 0.35;
const PRESENT = 0.6;

/** The experiment of a number; always the same one for the same options. */
export function drawExperiment(index: number, options: ExperimentOptions): ScenarioDocument {
  return new Experiment(new Draw(options.seed, index), options).document(
    `Experiment ${index} of seed ${options.seed}`,
    index,
  );
}

class Experiment {
  private readonly faults: ReadonlySet<string>;
  private readonly behaviors: Extract<Fault, { kind: 'behavior' }>[];
  private readonly domains: string[];
  private readonly contacts: string[];
  private readonly hours: number;

  constructor(
    private readonly draw: Draw,
    private readonly options: ExperimentOptions,
  ) {
    this.faults = new Set(draw.some(options.faults, ENABLED));
    this.behaviors = [...this.faults].flatMap((name) => {
      const fault = FAULTS.get(name);
      return fault?.kind === 'behavior' ? [fault] : [];
    });
    this.domains = DOMAINS.slice(0, draw.int(1, DOMAINS.length));
    this.hours = draw.int(1, 40);
    this.contacts = this.domains.flatMap((domain) => draw.many(1, 6, (n) => `c${n + 1}@${domain}`));
  }

  document(name: string, index: number): ScenarioDocument {
    const mailings = this.mailings();
    const events = this.events();
    return {
      name,
      seed: `${this.options.seed}-${index}`,
      policy: this.draw.one(this.options.policies),
      network: { latency: this.draw.one(['0s', '5ms', '200ms']) },
      fleet: Object.fromEntries(this.domains.map((domain) => [domain, this.domain(domain)])),
      audience: { contacts: this.contacts.map((address) => this.contact(address)) },
      mailings,
      ...(events.length > 0 ? { events } : {}),
      expect: [
        {
          at: 'end',
          ...Object.fromEntries(
            mailings.map(({ name: mailing }) => [mailing as string, { state: 'completed', inProgress: 0 }]),
          ),
        },
      ],
    };
  }

  private domain(domain: string): Data {
    const faults = this.behaviors.filter((fault) => fault.domain && this.draw.chance(PRESENT));
    const behaviors = faults.map((fault) => drawBehavior(this.draw, fault, this.hours, 'domain'));
    const mailboxes: { [key: string]: Data } = {};
    const forMailboxes = this.behaviors.filter(({ mailbox }) => mailbox);
    for (const address of this.contacts) {
      if (!address.endsWith(`@${domain}`) || forMailboxes.length === 0 || !this.draw.chance(0.4)) continue;
      const local = address.slice(0, address.indexOf('@'));
      mailboxes[local] = this.draw.many(1, 2, () =>
        drawBehavior(this.draw, this.draw.one(forMailboxes), this.hours, 'mailbox'),
      );
    }
    return {
      ...this.dns(),
      ...(behaviors.length > 0 ? { behaviors } : {}),
      ...(Object.keys(mailboxes).length > 0 ? { mailboxes } : {}),
    };
  }

  /** What leads to the servers of a domain. What leads nowhere for ever leaves nothing to be tried. */
  private dns(): { [key: string]: Data } {
    if (this.faults.has('dns') && this.draw.chance(0.5)) {
      const answer = this.draw.one(['a-only', 'nxdomain', 'servfail', 'null-mx', 'timeout']);
      return { dns: { answer, until: `${this.draw.int(1, this.hours)}h` } };
    }
    if (!this.faults.has('hosts') || this.draw.chance(0.5)) return {};
    const hosts = this.draw.many(1, 3, (n) => {
      const faults = this.behaviors.filter((fault) => fault.domain && this.draw.chance(0.4));
      const behaviors = faults.map((fault) => drawBehavior(this.draw, fault, this.hours, 'domain'));
      const preference = this.draw.one([10, 10, 20]);
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
    return this.draw.many(1, 4, (n) => ({
      name: `m${n + 1}`,
      at: this.moment(),
      ...(this.draw.chance(0.2) ? { to: { domain: this.draw.one(this.domains) } } : {}),
      ...(this.draw.chance(0.1) ? { message: { size: this.draw.one(['1kb', '20kb']) } } : {}),
    }));
  }

  private events(): Data[] {
    const events: Data[] = [];
    const add = (name: string, make: (address: string) => { [key: string]: Data }): void => {
      if (!this.faults.has(name)) return;
      events.push(
        ...this.draw.many(1, 3, () => ({ at: this.moment(), ...make(this.draw.one(this.contacts)) })),
      );
    };
    add('opt-out', (address) => ({ 'opt-out': address }));
    add('reactivate', (address) => ({ reactivate: address, reason: 'drawn' }));
    add('subscribe', (address) => ({ subscribe: address }));
    if (this.faults.has('add'))
      events.push(
        ...this.draw.many(1, 2, (n) => ({
          at: this.moment(),
          add: `new${n + 1}@${this.draw.one(this.domains)}`,
        })),
      );
    if (this.faults.has('crash'))
      events.push({ at: this.moment(), crash: 'sender', restart: `${this.draw.int(0, 90)}m` });
    const settable = this.behaviors.filter(({ domain }) => domain);
    if (this.faults.has('set') && settable.length > 0) {
      const at = this.draw.int(0, this.hours - 1);
      const set = this.draw.one(this.domains);
      const behaviors = [drawBehavior(this.draw, this.draw.one(settable), this.hours, 'domain')];
      events.push({ at: `${at}h`, set, behaviors });
    }
    return events;
  }

  /** Any moment before the faults are over or soon after, often on the grid of retries. */
  private moment(): string {
    const hours = this.draw.int(0, this.hours + 10);
    if (this.draw.chance(0.3)) return `${hours}h`;
    return `${hours}h${this.draw.one(['30m', `${this.draw.int(1, 59)}m`, `${this.draw.int(1, 59)}m05s`])}`;
  }
}
