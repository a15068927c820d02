// A fleet that `bouncelab serve` serves: what it prints at the start, while it runs and at the end.

import { BouncelabError } from '../../base/errors.js';
import { formatDuration } from '../../base/units.js';
import type { Fact } from '../../events/types.js';
import { LiveFleet, type LivePlace } from '../../live/fleet.js';
import type { LiveSender } from '../../live/child/live-sender.js';
import { FleetSummary } from '../../live/summary.js';
import type { Screen } from '../../reporters/terminal/screen.js';
import type { FleetPlan } from '../../scenarios/fleet-file.js';
import type { Io } from '../io.js';
import { BlockWriter, factLine } from './output.js';
import { dangerLines, placeLines, recipeLines } from './recipes.js';
import { assertCanStart, hasFailed, senderLines, startSender } from './sender.js';
import { fleetSummaryLines } from './summary-lines.js';

export interface ServeOptions {
  /** Starts the sender; empty when there is none. */
  command: readonly string[];
  /** Whether the sender gets a network of its own. */
  isolate: boolean;
  /** One port for all hosts. */
  port?: number;
  hostPort: ReadonlyMap<string, number>;
  smtpPort?: number;
  firstAddress?: string;
  /** Hosts at ports of 127.0.0.1 instead of addresses. */
  byPort: boolean;
  /** An address beyond loopback. */
  listen?: string;
  dns?: number;
  returns?: LivePlace;
  speed: number;
  /** Fleet's time after which it ends, ms. */
  for?: number;
  check: boolean;
  /** Of times in a check, ms of the fleet. */
  tolerance: number;
  json: boolean;
  verbose: boolean;
  seed?: string;
  /** Of a check, as for `run`. */
  reporter?: string;
  output: string;
  html: boolean;
  keep: number;
}

/** Where it writes, and what ends it. */
type ServingIo = Pick<Io, 'stdout' | 'signal' | 'env' | 'cwd'> & {
  /** For what is not for programs. */
  people: Screen;
};

/** A fleet that is served, from its opening to its summary. */
export class Serving {
  private readonly summary = new FleetSummary();
  private readonly writer: BlockWriter | undefined;
  private failure: BouncelabError | undefined;
  private end: () => void = () => {};
  private isStopped = false;
  private sender: LiveSender | undefined;
  /** Whether the command that started the sender ended with an error. */
  senderFailed = false;
  private seq = 0;

  private constructor(
    private readonly options: ServeOptions,
    private readonly io: ServingIo,
    private readonly reader: ((fact: Fact, t: number) => void) | undefined,
  ) {
    const { json, verbose } = options;
    if (json || verbose) this.writer = new BlockWriter(json ? io.stdout : io.people);
  }

  /**
   * Opens the fleet.
   *
   * @param reader is called with everything that the servers see
   * @throws BouncelabError E_USAGE for a port that cannot be used, or a --host-port of an unknown domain
   */
  static async open(
    plan: FleetPlan,
    options: ServeOptions,
    io: ServingIo,
    reader?: (fact: Fact, t: number) => void,
  ): Promise<Serving> {
    refuseUnknownHosts(options.hostPort, plan);
    assertCanStart(options, io);
    const serving = new Serving(options, io, reader);
    const { hostPort, smtpPort, firstAddress, byPort, listen, dns, returns, speed, port } = options;
    serving.opened = await LiveFleet.open({
      plan,
      emit: (fact, t) => serving.read(fact, t),
      speed,
      ...(byPort ? { by: 'ports' } : {}),
      smtpPort,
      firstAddress,
      hostPorts: hostPort,
      sharedPort: port,
      dnsPort: dns,
      beyond: listen,
      returns,
      onError: (error) => {
        serving.failure ??= error;
        serving.stop();
      },
    });
    serving.begin();
    try {
      await serving.startSender();
    } catch (error) {
      await serving.fleet.close();
      throw error;
    }
    return serving;
  }

  private opened: LiveFleet | undefined;

  get fleet(): LiveFleet {
    return this.opened!;
  }

  /** Ends it as a signal does. */
  stop(): void {
    this.isStopped = true;
    this.end();
  }

  /**
   * Serves until a signal, the time of --for, the end of the sender or an error, then ends all and prints the summary.
   *
   * @returns how long it was open, ms of the fleet
   * @throws BouncelabError E_USAGE when a host could not listen again, E_OUTPUT when lines were lost
   */
  async toEnd(): Promise<number> {
    const { fleet } = this;
    const { signal, people } = this.io;
    const over = new AbortController();
    const ended = this.sender?.ended(over.signal);
    await new Promise<void>((done) => {
      this.end = done;
      if (signal.aborted || this.isStopped) return done();
      signal.addEventListener('abort', () => done(), { once: true });
      if (this.options.for !== undefined) fleet.at(this.options.for, done);
      void ended?.then((end) => end && done());
    });
    over.abort();
    const elapsed = fleet.now();
    await fleet.close();
    const left = (await this.sender?.stop()) ?? 0;
    const end = await ended;
    this.senderFailed = hasFailed(end);
    const { hosts, recipients, returns } = this.summary;
    if (this.options.json)
      this.writer?.line(
        JSON.stringify({ type: 'fleet.closed', t: Math.round(elapsed), hosts, recipients, returns }),
      );
    this.writer?.flush();
    for (const line of ['', ...fleetSummaryLines(this.summary, elapsed), ...senderLines(end, left)])
      people.write(`${line}\n`);
    if (this.failure) throw this.failure;
    const lost = this.writer?.lostLines ?? 0;
    if (lost > 0)
      throw new BouncelabError('E_OUTPUT', `${lost} lines were not written: the output is not read`, {
        hint: 'read it, or write it to a file',
      });
    return elapsed;
  }

  private begin(): void {
    const { people } = this.io;
    const { speed, listen, json, for: until, command, isolate } = this.options;
    const { places, startedAt } = this.fleet;
    const pace = speed === 1 ? '' : `, at speed ${speed}`;
    const end = until === undefined ? '' : `, for ${formatDuration(until)}`;
    const blocks = [
      [`Listening${pace}${end}. Press Ctrl-C to stop.`, ...placeLines(places)],
      // A sender that is started here is led by its command.
      command.length > 0 ? [] : recipeLines(places),
      dangerLines({ beyond: listen, isolated: isolate }),
    ];
    for (const lines of blocks) if (lines.length > 0) people.write(`${lines.join('\n')}\n\n`);
    if (json)
      this.writer?.line(
        JSON.stringify({ type: 'fleet.opened', startedAt: startedAt.toISOString(), speed, ...places }),
      );
  }

  private async startSender(): Promise<void> {
    const { fleet, io, options } = this;
    if (options.command.length === 0) return;
    const clock = { speed: options.speed, date: () => fleet.date() };
    this.sender = await startSender(options.command, { ...io, clock, places: fleet.places });
  }

  private read(fact: Fact, t: number): void {
    this.summary.read(fact, t);
    if (this.options.json) this.writer?.line(JSON.stringify({ seq: this.seq++, t, ...fact }));
    else this.writer?.line(factLine(fact, t, this.io.people));
    this.reader?.(fact, t);
  }
}

function refuseUnknownHosts(ports: ReadonlyMap<string, number>, { fleet }: FleetPlan): void {
  for (const domain of ports.keys()) {
    if (Object.hasOwn(fleet, domain)) continue;
    throw new BouncelabError('E_USAGE', `--host-port names ${domain}, which is not in the fleet`, {
      hint: `domains: ${Object.keys(fleet).join(', ')}`,
    });
  }
}
