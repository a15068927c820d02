// A fleet for programs: servers that listen on loopback for a sender under test, with what they saw.

import { addressKey } from '../base/addresses.js';
import { BouncelabError } from '../base/errors.js';
import { listed, quoted } from '../documents/problems.js';
import { setRealTimeout } from '../clock/system.js';
import type { EventOf, Fact, Placement, RunEvent } from '../events/types.js';
import { LiveFleet, type LiveHost, type LivePlace } from '../live/fleet.js';
import { FleetSummary, type HostSummary } from '../live/summary.js';
import { changeOf, fleetPlanOf, type FleetSource } from './fleet-source.js';
import { checkOptions, INPUT_OPTIONS, type Input, type InputOptions, type OptionNames } from './input.js';

/** How a fleet is served. */
export interface FleetOptions extends InputOptions {
  /** Milliseconds of the fleet in one of real time, from 1. Default: 1. */
  speed?: number;
  /** Seed of random draws, instead of that of the scenario. */
  seed?: string | number;
  /** The port of all hosts, where each has an address of its own. Default: any free one. */
  smtpPort?: number;
  /** Address of the first host, in 127.0.0.0/8; others follow. Default: 127.1.0.1. */
  firstAddress?: string;
  /** Hosts at their own addresses or at their own ports of 127.0.0.1. Default: addresses, where the system has them. */
  by?: 'addresses' | 'ports';
  /** Where bounce messages are delivered, on loopback. Default: none are sent. */
  returns?: LivePlace;
  /** Called with everything that the servers see, as it happens. */
  onEvent?: (event: RunEvent) => void;
  /** Closes the fleet. */
  signal?: AbortSignal;
}

const FLEET_OPTIONS: OptionNames<FleetOptions> = {
  ...INPUT_OPTIONS,
  speed: true,
  seed: true,
  smtpPort: true,
  firstAddress: true,
  by: true,
  returns: true,
  onEvent: true,
  signal: true,
};

/** A message that a server took responsibility for. Its content is not kept. */
export interface FleetMessage {
  /** ms of the fleet since it was opened. */
  t: number;
  domain: string;
  host: string;
  /** Return path. */
  from: string;
  to: string;
  /** Bytes, dots unstuffed. */
  size: number;
  placement: Placement;
}

/** What `waitFor` waits for, and how long. */
export interface WaitOptions {
  /** Real time, ms. Default: 10 s. */
  timeoutMs?: number;
}

const WAIT_MS = 10_000;

/** A fleet that listens until it is closed. Times are ms of the fleet since it was opened. */
export class RunningFleet {
  /** Every host, once for each domain and each family of addresses that it has. */
  readonly hosts: readonly LiveHost[];
  /** A DNS server for the names of the fleet, UDP and TCP. */
  readonly dns: Readonly<LivePlace>;
  /** One port for all domains, where that of each recipient chooses the host: for senders with a smarthost. */
  readonly smarthost: Readonly<LivePlace>;
  readonly speed: number;
  /** The date at its time zero. */
  readonly startedAt: Date;
  private readonly seenEvents: RunEvent[];
  private readonly watchers: Set<Watcher>;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly live: LiveFleet,
    private readonly source: FleetSource,
    private readonly recording: Recording,
  ) {
    const { hosts, dns, shared } = live.places;
    this.hosts = hosts;
    this.dns = dns!;
    this.smarthost = shared!;
    this.speed = live.clock.speed;
    this.startedAt = live.startedAt;
    this.seenEvents = recording.events;
    this.watchers = recording.watchers;
  }

  /** See `startFleet`. */
  static async start(input: Input | undefined, options: FleetOptions): Promise<RunningFleet> {
    checkOptions(options, FLEET_OPTIONS, 'startFleet');
    const { speed = 1, smtpPort = 0, signal, onEvent } = options;
    if (!(speed >= 1 && Number.isFinite(speed)))
      throw new BouncelabError('E_USAGE', '`speed` must be a number from 1');
    const source = fleetPlanOf(input, options);
    const recording = new Recording(onEvent);
    throwIfAborted(signal);
    const live = await LiveFleet.open({
      plan: source.plan,
      emit: recording.read,
      speed,
      smtpPort,
      dnsPort: 0,
      sharedPort: 0,
      ...(options.by === undefined ? {} : { by: options.by }),
      ...(options.firstAddress === undefined ? {} : { firstAddress: options.firstAddress }),
      ...(options.returns === undefined ? {} : { returns: options.returns }),
      onError: (error) => (recording.failure ??= error),
    });
    const fleet = new RunningFleet(live, source, recording);
    // A failure to close is that of a caller who closes it; here there is none.
    const abort = (): void => void fleet.close().catch(() => {});
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    return fleet;
  }

  /** Everything that the servers have seen so far, in order. */
  get events(): readonly RunEvent[] {
    return this.seenEvents;
  }

  /** The messages that the servers have accepted so far. */
  get messages(): FleetMessage[] {
    return this.seenEvents
      .filter((event): event is EventOf<'message.accepted'> => event.type === 'message.accepted')
      .map(({ t, domain, host, mailFrom, rcpt, size, placement }) => {
        return { t, domain, host, from: mailFrom, to: rcpt, size, placement };
      });
  }

  /** Figures of each host that a client connected to: sessions, messages, replies by code. */
  get summary(): HostSummary[] {
    return this.recording.summary.hosts;
  }

  /**
   * The host that a client tries first for a domain, or the host of a name.
   *
   * @throws BouncelabError E_USAGE for a name that the fleet does not have
   */
  host(name: string): LiveHost {
    const wanted = name.toLowerCase();
    const ofDomain = this.hosts.filter(({ domain }) => domain === wanted);
    const found = ofDomain.length > 0 ? ofDomain : this.hosts.filter((one) => one.name === wanted);
    const [first] = [...found].sort((a, b) => a.preference - b.preference);
    if (first) return first;
    const names = [...new Set(this.hosts.flatMap((one) => [one.domain, one.name]))];
    throw new BouncelabError('E_USAGE', `the fleet has no host for ${quoted(name)}`, {
      hint: `domains and hosts: ${listed(names)}`,
    });
  }

  /** Times at which a server was asked to accept mail for an address (RCPT), in order. */
  seen(address: string): number[] {
    return this.recording.summary.attemptsAt(addressKey(address));
  }

  /** ms of the fleet since it was opened. */
  now(): number {
    return this.live.now();
  }

  /**
   * Replaces behaviors from now on, as the event `set` of a scenario does.
   *
   * @param subject a domain, `default`, a site, a host or an address
   * @param behaviors as in a scenario: `mailbox-full`, `{ do: 'busy', attempts: '1..2' }`, or a list of these
   * @throws InvalidInputError for what a scenario could not set
   * @throws BouncelabError E_STOPPED when the fleet is closed
   */
  setBehaviors(subject: string, behaviors: string | object | readonly (string | object)[]): void {
    this.mustBeOpen('change');
    const change = changeOf(this.source, subject, behaviors);
    this.live.setBehaviors(change.subject, change.behaviors);
  }

  /**
   * Waits for an event.
   *
   * @param isIt called with every event so far, then with each as it happens
   * @returns the first for which `isIt` returned true
   * @throws BouncelabError E_STOPPED when the fleet is closed first, E_WATCHDOG when it does not happen in time
   */
  waitFor(isIt: (event: RunEvent) => boolean, { timeoutMs = WAIT_MS }: WaitOptions = {}): Promise<RunEvent> {
    const past = this.seenEvents.find((event) => isIt(event));
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const end = (act: () => void): void => {
        cancel();
        this.watchers.delete(watcher);
        act();
      };
      const watcher: Watcher = {
        read: (event) => {
          try {
            if (isIt(event)) end(() => resolve(event));
          } catch (error) {
            end(() => reject(error instanceof Error ? error : new Error(String(error))));
          }
        },
        closed: () => end(() => reject(closed('wait for an event'))),
      };
      const late = `the event that was waited for did not happen within ${timeoutMs} ms`;
      const cancel = setRealTimeout(
        () => end(() => reject(new BouncelabError('E_WATCHDOG', late))),
        timeoutMs,
      );
      this.watchers.add(watcher);
      if (this.closing) watcher.closed();
    });
  }

  /**
   * Ends every session with 421, and closes the ports. What was seen can still be read. A second call waits for the
   * first.
   *
   * @throws BouncelabError E_USAGE when a host that was down could not listen again
   */
  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  /** Closes it, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async end(): Promise<void> {
    for (const watcher of [...this.watchers]) watcher.closed();
    await this.live.close();
    const { failure } = this.recording;
    if (failure) throw failure;
  }

  private mustBeOpen(what: string): void {
    if (this.closing) throw closed(what);
  }
}

/** Waits for an event. */
interface Watcher {
  read: (event: RunEvent) => void;
  closed: () => void;
}

/** Keeps what the servers see. */
class Recording {
  readonly events: RunEvent[] = [];
  readonly summary = new FleetSummary();
  readonly watchers = new Set<Watcher>();
  failure: BouncelabError | undefined;

  constructor(private readonly onEvent: ((event: RunEvent) => void) | undefined) {}

  readonly read = (fact: Fact, t: number): void => {
    const event: RunEvent = { seq: this.events.length, t, ...fact };
    this.events.push(event);
    this.summary.read(fact, t);
    this.onEvent?.(event);
    for (const watcher of [...this.watchers]) watcher.read(event);
  };
}

function closed(what: string): BouncelabError {
  return new BouncelabError('E_STOPPED', `the fleet is closed: it cannot ${what}`);
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new BouncelabError('E_STOPPED', 'the fleet was stopped by its signal', { cause: signal.reason });
}

/**
 * Starts the servers of a fleet on loopback, for a sender that connects to them. Several may run at once.
 *
 * @param input a scenario, or only its `fleet`: path, file: URL, YAML text or object. Default: servers that accept
 *   everything
 * @throws InvalidInputError with all problems of a fleet that is not valid
 * @throws BouncelabError E_USAGE for an option that cannot be or a port that cannot be used, E_NOT_FOUND when there
 *   is no such file, E_STOPPED when the signal came first
 */
export function startFleet(input?: Input, options: FleetOptions = {}): Promise<RunningFleet> {
  return RunningFleet.start(input, options);
}
