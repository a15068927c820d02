// The result of a run for programs: its figures, what did not hold, its events, and what happened to each contact.

import { addressKey } from '../base/addresses.js';
import { BouncelabError } from '../base/errors.js';
import { listed, quoted } from '../documents/problems.js';
import { parseEventLine } from '../events/ndjson.js';
import { readEventsFile } from '../events/events-file.js';
import type { ContactStatus, DeliveryState, RunEvent } from '../events/types.js';
import type { Failure, MailingResult, ScenarioResult, ScenarioStatus } from '../results/result.js';
import { Tally } from '../results/tally/tally.js';
import { resultOf, type MailingTally } from '../results/tally/mailing.js';
import { failureText } from './failure-text.js';
import type { Scenario } from './scenario.js';

/** The events of a run: lines that are in memory, or a file. */
export type EventSource = { lines: readonly string[] } | { file: string };

/** A contact at the end of a run. */
export interface ContactState {
  status: ContactStatus;
  softBounceStreak: number;
}

/** Selects one of several mailings. */
export interface OfMailing {
  /** Its name; default: all mailings of the run. */
  mailing?: string;
}

/** Times are virtual ms since the start of the run. */
export class ScenarioRun {
  /** `passed`: every expectation of the scenario held. */
  readonly status: ScenarioStatus;
  readonly name: string;
  /** Path of the scenario relative to the working directory. */
  readonly file: string;
  readonly seed: string;
  readonly policy: string;
  /** What did not hold, each with its file, line and column. */
  readonly failures: readonly Failure[];
  /** The figures of each mailing, by its name. */
  readonly mailings: Readonly<Record<string, MailingResult>>;
  /** Number of contacts by their status. */
  readonly statuses: ScenarioResult['statuses'];
  /** Figures of the servers, by domain. */
  readonly servers: ScenarioResult['servers'];
  /** SHA-256 over the events: equal for equal runs. */
  readonly fingerprint: string;
  /** Virtual time at the end. */
  readonly virtualMs: number;
  private folded: Folded | undefined;

  /** Made by `playScenario`. */
  constructor(
    /** All of it, as in `run.json`. */
    readonly result: ScenarioResult,
    readonly scenario: Scenario,
    private readonly source: EventSource,
  ) {
    this.status = result.status;
    this.name = result.name;
    this.file = result.file;
    this.seed = result.seed;
    this.policy = result.policy;
    this.failures = result.failures;
    this.mailings = result.mailings;
    this.statuses = result.statuses;
    this.servers = result.servers;
    this.fingerprint = result.fingerprint;
    this.virtualMs = result.virtualMs;
  }

  /** All events in order. They are read anew each time, so that a long run needs no memory for them. */
  get events(): Iterable<RunEvent> {
    const { source } = this;
    return { [Symbol.iterator]: () => eventsOf(source) };
  }

  /** @returns undefined for an address that is no contact */
  contact(address: string): ContactState | undefined {
    const standing = this.fold().tally.contacts.get(addressKey(address));
    return standing && { status: standing.status, softBounceStreak: standing.softBounceStreak };
  }

  /** Every contact by its address, lower case. */
  get contacts(): ReadonlyMap<string, ContactState> {
    return this.fold().tally.contacts;
  }

  /**
   * The figures of one mailing, or of all.
   *
   * @throws BouncelabError E_USAGE for a mailing that the run does not have
   */
  figures({ mailing }: OfMailing = {}): MailingResult[] {
    return this.mailingsOf(mailing).map(resultOf);
  }

  /**
   * Times at which a server was asked to accept mail for an address (RCPT), in order.
   *
   * @throws BouncelabError E_USAGE for a mailing that the run does not have
   */
  seen(address: string, { mailing }: OfMailing = {}): number[] {
    return this.timesOf('seen', address, mailing);
  }

  /**
   * Times at which the sender began an attempt for an address, in order; servers saw those that reached RCPT.
   *
   * @throws BouncelabError E_USAGE for a mailing that the run does not have
   */
  attempts(address: string, { mailing }: OfMailing = {}): number[] {
    return this.timesOf('attempts', address, mailing);
  }

  /**
   * How the delivery to an address ended; `queued` when the run ended before it did.
   *
   * @returns undefined when no mailing was sent to it
   * @throws BouncelabError E_USAGE without `mailing` where several mailings have a delivery to it
   */
  delivery(address: string, { mailing }: OfMailing = {}): DeliveryState | undefined {
    this.mailingsOf(mailing);
    const states = this.fold().deliveries.get(addressKey(address));
    if (!states) return undefined;
    if (mailing !== undefined) return states.get(mailing);
    if (states.size > 1)
      throw new BouncelabError('E_USAGE', `${quoted(address)} was mailed by several mailings`, {
        hint: `name one with \`mailing\`: ${listed([...states.keys()])}`,
      });
    return states.values().next().value;
  }

  /** What did not hold, with the lines of the scenario around each place. Empty for a run that passed. */
  toString(): string {
    return this.failures.map((failure) => failureText(failure, this.scenario)).join('\n\n');
  }

  private timesOf(kind: 'seen' | 'attempts', address: string, mailing: string | undefined): number[] {
    const key = addressKey(address);
    return this.mailingsOf(mailing)
      .flatMap((one) => one[kind].get(key) ?? [])
      .sort((a, b) => a - b);
  }

  private mailingsOf(name: string | undefined): MailingTally[] {
    const { tally } = this.fold();
    if (name === undefined) return [...tally.mailings.values()];
    const names = [...tally.mailings.keys()];
    const found = tally.series.get(name) ?? names.filter((one) => one === name);
    if (found.length > 0) return found.map((one) => tally.mailings.get(one)!);
    throw new BouncelabError('E_USAGE', `the run has no mailing ${quoted(name)}`, {
      hint: names.length === 0 ? 'it began none' : `mailings: ${listed(names)}`,
    });
  }

  private fold(): Folded {
    return (this.folded ??= foldEvents(this.events));
  }
}

/** What is known of single contacts. */
interface Folded {
  tally: Tally;
  /** By address, then by mailing. */
  deliveries: Map<string, Map<string, DeliveryState>>;
}

function foldEvents(events: Iterable<RunEvent>): Folded {
  const tally = new Tally();
  const deliveries: Folded['deliveries'] = new Map();
  const set = (address: string, mailing: string, state: DeliveryState): void => {
    const states = deliveries.get(address);
    if (states) states.set(mailing, state);
    else deliveries.set(address, new Map([[mailing, state]]));
  };
  for (const event of events) {
    tally.read(event);
    if (event.type === 'delivery.queued') set(event.address, event.mailing, 'queued');
    else if (event.type === 'delivery.ended' || event.type === 'delivery.returned')
      set(event.address, event.mailing, event.state);
  }
  return { tally, deliveries };
}

function* eventsOf(source: EventSource): Generator<RunEvent, void, undefined> {
  if ('file' in source) {
    // The events of a run that was cut off end before the run does.
    yield* readEventsFile(source.file, source.file, { cutOff: { bytesMax: Infinity } });
    return;
  }
  let seq = 0;
  for (const lines of source.lines)
    for (const line of lines.split('\n')) if (line !== '') yield parseEventLine(line, 'the events', seq++);
}
