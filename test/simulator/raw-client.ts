// A receiving network under the virtual clock, and a minimal SMTP client that sends lines and reads bytes:
// tests see replies as they arrive, not as a library reads them.

import { onTestFinished } from 'vitest';
import { domainOf } from '../../src/base/addresses.js';
import { EventLog } from '../../src/events/log.js';
import type { RunEvent } from '../../src/events/types.js';
import type { VirtualClock } from '../../src/clock/virtual.js';
import type { WireKind } from '../../src/scenarios/plan.js';
import { seededRandom } from '../../src/base/random.js';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import type { Certificates } from '../../src/simulator/certificates.js';
import type { Scope } from '../../src/simulator/behaviors/behavior.js';
import { MemoryNetwork } from '../../src/simulator/network/memory.js';
import { TcpNetwork } from '../../src/simulator/network/tcp.js';
import type { MemorySocket } from '../../src/simulator/network/memory-socket.js';
import type {
  BehaviorPlan,
  Conditions,
  DnsPlan,
  DomainPlan,
  HostPlan,
  Point,
  ProfilePlan,
  SitePlan,
} from '../../src/simulator/plan.js';
import { World } from '../../src/simulator/world.js';
import { installClock } from './virtual-time.js';

/** A behavior as the loader would plan it; `stage` is one of the parameters. */
export function does(
  name: string,
  params: Record<string, unknown> = {},
  when: Conditions = {},
  scope: Scope = 'domain',
): BehaviorPlan {
  const definition = BEHAVIORS.get(name)!;
  const parsed = definition.parameters.parse(params);
  const at = (params.stage as Point | undefined) ?? definition.defaultPoint(scope)!;
  return { do: name, at, when, params: parsed };
}

/** A behavior of a mailbox. */
export function mailboxDoes(
  name: string,
  params: Record<string, unknown> = {},
  when: Conditions = {},
): BehaviorPlan {
  return does(name, params, when, 'mailbox');
}

export interface FleetDomain {
  profile?: ProfilePlan | undefined;
  dns?: DnsPlan;
  site?: string;
  tls?: boolean;
  relay?: boolean;
  hosts?: HostPlan[];
  behaviors?: BehaviorPlan[];
  mailboxes?: Record<string, BehaviorPlan[]>;
  shorthand?: boolean;
}

export class Lab {
  readonly clock: VirtualClock;
  readonly world: World;
  readonly events: RunEvent[] = [];

  constructor(
    fleet: Record<string, FleetDomain>,
    {
      latencyMs = 5,
      seed = '42',
      wire = 'memory',
      sites = {},
      certificates,
    }: {
      latencyMs?: number;
      seed?: string;
      wire?: WireKind;
      sites?: Record<string, SitePlan>;
      certificates?: Certificates;
    } = {},
  ) {
    this.clock = installClock();
    // The clock does not see by itself what TLS does within one instant.
    if (certificates) this.clock.watchHiddenImmediates();
    const log = new EventLog({ now: () => this.clock.now(), readers: [(event) => this.events.push(event)] });
    const plans: Record<string, DomainPlan> = {};
    for (const [domain, { behaviors = [], mailboxes = {}, ...rest }] of Object.entries(fleet)) {
      plans[domain] = {
        ...rest,
        behaviors,
        mailboxes: Object.entries(mailboxes).map(([pattern, list]) => ({ pattern, behaviors: list })),
      };
    }
    this.world = new World({
      clock: this.clock,
      random: seededRandom(seed),
      emit: log.emit,
      fleet: plans,
      sites,
      clientAddress: '127.0.0.1',
      certificates,
      network: new (wire === 'tcp' ? TcpNetwork : MemoryNetwork)(this.clock, latencyMs),
    });
    onTestFinished(() => this.world.close());
  }

  /** Plays a script in virtual time. @throws what the script throws, or that it waits for ever */
  async play(script: () => Promise<void>): Promise<void> {
    let over = false;
    let failure: Error | undefined;
    void script()
      .catch((error: unknown) => (failure = error instanceof Error ? error : new Error(String(error))))
      .finally(() => (over = true));
    const end = await this.clock.run({
      horizonMs: 400 * 24 * 3_600_000,
      wallLimitMs: 20_000,
      done: () => over,
    });
    if (failure) throw failure;
    if (end !== 'done')
      throw new Error(`the script waits for ever: the run ended ${end} at ${this.clock.now()} ms`);
  }

  /** Plays until no timer is left. */
  async settle(): Promise<void> {
    const end = await this.clock.run({ horizonMs: 400 * 24 * 3_600_000, wallLimitMs: 20_000 });
    if (end !== 'idle') throw new Error(`something goes on for ever: the run ended ${end}`);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** All events except DNS lookups, without their numbers. */
  get facts(): Omit<RunEvent, 'seq'>[] {
    return this.events.flatMap(({ seq: _seq, ...event }) => (event.type === 'dns.answered' ? [] : [event]));
  }

  /** Events of one type. */
  told<Type extends RunEvent['type']>(type: Type): Extract<RunEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);
  }

  /** Dials the MX host of a domain. */
  async dial(domain: string): Promise<RawClient> {
    const [mx] = await this.world.dns.resolveMx(domain);
    return this.dialHost(mx!.exchange);
  }

  async dialHost(name: string): Promise<RawClient> {
    const [address] = await this.world.dns.resolve4(name);
    return new RawClient(this, this.world.dial(address!, 25));
  }

  /** A connection on which the greeting and the reply to EHLO are read. */
  async session(domain: string): Promise<RawClient> {
    return this.greeted(await this.dial(domain));
  }

  async sessionAt(host: string): Promise<RawClient> {
    return this.greeted(await this.dialHost(host));
  }

  private async greeted(client: RawClient): Promise<RawClient> {
    await client.reply();
    await client.ask('EHLO client.test');
    return client;
  }

  /** One transaction on a new connection. @returns the reply at each stage that was reached */
  async attempt(to: string, from = 'news@sender.test'): Promise<string[]> {
    const client = await this.session(domainOf(to));
    const replies = await client.transaction(to, from);
    client.socket.destroy();
    return replies;
  }
}

export class RawClient {
  /** Bytes received and not yet returned as a reply. */
  pending = '';
  /** True once the server has ended its side. */
  ended = false;
  error: string | undefined;
  private wake: () => void = () => undefined;

  constructor(
    private readonly lab: Lab,
    readonly socket: MemorySocket,
  ) {
    onTestFinished(() => void socket.destroy());
    socket.setEncoding('latin1');
    socket.on('data', (bytes: string) => {
      this.pending += bytes;
      this.wake();
    });
    socket.on('end', () => {
      this.ended = true;
      this.wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
      this.wake();
    });
    socket.on('close', () => this.wake());
  }

  /** The next whole reply with all line ends; the part that was received when the connection ends first. */
  async reply(): Promise<string> {
    for (;;) {
      const whole = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.pending)?.[0];
      if (whole !== undefined) {
        this.pending = this.pending.slice(whole.length);
        return whole;
      }
      if (this.ended || this.error !== undefined || this.socket.closed) return this.pending;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  write(bytes: string): void {
    this.socket.write(Buffer.from(bytes, 'latin1'));
  }

  /** Sends one command. @returns its reply */
  ask(line: string): Promise<string> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  /** Waits until the connection is closed. @returns how long, ms @throws when it took longer than a second: it was only idle */
  async closed(): Promise<number> {
    const since = this.lab.clock.now();
    while (!this.socket.closed) await new Promise<void>((resolve) => (this.wake = resolve));
    const took = this.lab.clock.now() - since;
    if (took > 1100) throw new Error(`the connection was closed only after ${took} ms`);
    return took;
  }

  /** Bytes received within `ms`. */
  async hear(ms: number): Promise<string> {
    await this.lab.sleep(ms);
    return this.pending;
  }

  /** Sends MAIL, RCPT and DATA. @throws when one of them is refused */
  async transactionUpToData(to: string): Promise<void> {
    for (const line of ['MAIL FROM:<news@sender.test>', `RCPT TO:<${to}>`, 'DATA']) {
      const reply = await this.ask(line);
      if (!/^[23]/.test(reply)) throw new Error(`${line} was answered with ${reply}`);
    }
  }

  /** Sends one message, up to the first refusal. @returns the replies to MAIL, RCPT, DATA and the message */
  async transaction(
    to: string,
    from = 'news@sender.test',
    message = 'Subject: hello\r\n\r\nHi\r\n.\r\n',
  ): Promise<string[]> {
    const replies: string[] = [];
    for (const line of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) {
      replies.push(await this.ask(line));
      if (!/^[23]/.test(replies.at(-1)!)) return replies;
    }
    this.write(message);
    replies.push(await this.reply());
    return replies;
  }
}

/** Code of the last reply of one attempt. */
export async function code(lab: Lab, to: string): Promise<string> {
  return (await lab.attempt(to)).at(-1)!.slice(0, 3);
}
