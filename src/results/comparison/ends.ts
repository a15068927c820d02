// The status of every contact and the state of each of its deliveries at the end of one scenario, under
// several policies. Events are read line by line from their files. A contact takes one byte per policy
// for its status and one per delivery, so that large audiences fit in memory.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { domainOf } from '../../base/addresses.js';
import type { RunEvent } from '../../events/types.js';
import { ENDS, type Change, type End, type EndDifferences, type EndGroup } from './comparison.js';
import type { Pace } from './pace.js';

const CODES = new Map<string, number>(ENDS.map((end, code) => [end, code]));
/** Groups that are listed; contacts of the others are counted. */
const GROUPS_MAX = 50;
/** Addresses that are listed for a group. */
const NAMED_MAX = 20;
/** Only lines of these types are parsed; most lines are commands and replies. */
const MATTERS = /"type":"(?:attempt|delivery\.|contact\.(?:added|status)")/;

const STEP_MS = 60_000;

export class Ends {
  private readonly contacts = new Map<string, number>();
  private readonly addresses: string[] = [];
  /** By policy, then by mailing, or '' for the status: one byte per contact. */
  private readonly ends: Map<string, Uint8Array>[];
  readonly paces: Pace[];
  /** When the first delivery of a mailing was queued, by policy. */
  private readonly starts: Map<string, number>[];

  constructor(policies: number) {
    this.ends = Array.from({ length: policies }, () => new Map<string, Uint8Array>());
    this.starts = Array.from({ length: policies }, () => new Map<string, number>());
    this.paces = Array.from({ length: policies }, newPace);
  }

  /** Reads the events of the scenario under one policy. */
  async readFile(policy: number, file: string): Promise<void> {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      if (MATTERS.test(line)) this.read(policy, JSON.parse(line) as RunEvent);
    }
  }

  read(policy: number, event: RunEvent): void {
    const { inProgress, delivered, attempts } = this.paces[policy]!;
    switch (event.type) {
      case 'contact.added':
        return this.set(policy, event.address, '', event.status);
      case 'contact.status':
        return this.set(policy, event.address, '', event.to);
      case 'attempt':
        return add(attempts, this.since(policy, event), 1);
      case 'delivery.queued':
        add(inProgress, this.since(policy, event), 1);
        return this.set(policy, event.address, event.mailing, 'in progress');
      case 'delivery.ended':
        add(inProgress, this.since(policy, event), -1);
        if (event.state === 'delivered') add(delivered, this.since(policy, event), 1);
        return this.set(policy, event.address, event.mailing, event.state);
      case 'delivery.returned':
        add(delivered, this.since(policy, event), -1);
        return this.set(policy, event.address, event.mailing, event.state);
      default:
        return;
    }
  }

  /** Contacts that end differently, grouped by domain and by the difference. */
  differences(): EndDifferences {
    const subjects = [...new Set(this.ends.flatMap((ends) => [...ends.keys()]))];
    const groups = new Map<string, EndGroup>();
    let contacts = 0;
    for (const [index, address] of this.addresses.entries()) {
      const changes = subjects.flatMap((subject) => this.change(subject, index) ?? []);
      if (changes.length === 0) continue;
      contacts++;
      const domain = domainOf(address);
      const key = JSON.stringify([domain, changes]);
      let group = groups.get(key);
      if (!group) groups.set(key, (group = { domain, contacts: 0, changes, named: [] }));
      group.contacts++;
      if (group.named.length < NAMED_MAX) group.named.push(address);
    }
    const largest = [...groups.values()].sort((a, b) => b.contacts - a.contacts).slice(0, GROUPS_MAX);
    const shown = largest.reduce((sum, group) => sum + group.contacts, 0);
    return { contacts, groups: largest, notShown: contacts - shown };
  }

  /**
   * Contacts that end differently, in the order in which they were added; one text for each policy.
   * `deliveries` has the end of each delivery, such as `november: delivered; december: withdrawn`.
   */
  *differing(): Generator<{ address: string; statuses: End[]; deliveries: string[] }> {
    const mailings = [...new Set(this.ends.flatMap((ends) => [...ends.keys()]))].filter(
      (name) => name !== '',
    );
    for (const [index, address] of this.addresses.entries()) {
      if (!['', ...mailings].some((subject) => this.change(subject, index))) continue;
      const end = (ends: Map<string, Uint8Array>, subject: string): End =>
        ENDS[ends.get(subject)?.[index] ?? 0]!;
      yield {
        address,
        statuses: this.ends.map((ends) => end(ends, '')),
        deliveries: this.ends.map((ends) =>
          mailings
            .filter((mailing) => end(ends, mailing) !== 'absent')
            .map((mailing) => `${mailing}: ${end(ends, mailing)}`)
            .join('; '),
        ),
      };
    }
  }

  /** Time since the mailing of an event began, so that curves of mailings with different starts compare. */
  private since(policy: number, { t, mailing }: { t: number; mailing: string }): number {
    const starts = this.starts[policy]!;
    const start = starts.get(mailing);
    if (start === undefined) starts.set(mailing, t);
    return t - (start ?? t);
  }

  private change(subject: string, index: number): Change | undefined {
    const codes = this.ends.map((ends) => ends.get(subject)?.[index] ?? 0);
    if (codes.every((code) => code === codes[0])) return undefined;
    return { ...(subject === '' ? {} : { mailing: subject }), ends: codes.map((code) => ENDS[code]!) };
  }

  private set(policy: number, address: string, subject: string, end: End): void {
    let index = this.contacts.get(address);
    if (index === undefined) this.contacts.set(address, (index = this.addresses.push(address) - 1));
    const ends = this.ends[policy]!;
    let bytes = ends.get(subject) ?? new Uint8Array(64);
    if (index >= bytes.length) {
      const larger = new Uint8Array(Math.max(index + 1, bytes.length * 2));
      larger.set(bytes);
      bytes = larger;
    }
    bytes[index] = CODES.get(end)!;
    ends.set(subject, bytes);
  }
}

function newPace(): Pace {
  return { inProgress: new Map(), delivered: new Map(), attempts: new Map() };
}

function add(map: Map<number, number>, t: number, change: number): void {
  const step = Math.floor(t / STEP_MS);
  map.set(step, (map.get(step) ?? 0) + change);
}
