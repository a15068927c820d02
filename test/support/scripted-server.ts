// A server that says exactly what a test wants, byte for byte, for what no behavior of the fleet
// can express: torn and stray replies, connections that break at any point. Around it a sender
// with the plain ports it needs.

import type net from 'node:net';
import { onTestFinished } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual.js';
import { EventLog } from '../../src/events/log.js';
import type { RunEvent } from '../../src/events/types.js';
import { seededRandom } from '../../src/base/random.js';
import type { RetryPolicy } from '../../src/policy/retry-policy.js';
import { Sender, type SenderOptions } from '../../src/sender/sender.js';
import { MemoryNetwork } from '../../src/simulator/network/memory.js';
import type { Handshake, Listener } from '../../src/simulator/network/network.js';
import type { MemorySocket } from '../../src/simulator/network/memory-socket.js';
import { HOUR, policy } from './policies.js';
import { Events } from './runs.js';

const ADDRESS = '127.0.0.1';
const PORT = 25;

/** What a script is asked at: a command, or a moment at which a server may speak without one. */
export interface Moment {
  /** `CONNECT` for the greeting, `.` for the end of a message, else the command line as read. */
  line: string;
  /** Upper-case verb: `CONNECT`, `.`, `EHLO`, `MAIL`, ... */
  verb: string;
  /** Number of this connection, from 1. */
  session: number;
  /** How many times this verb has come in this connection, from 1. */
  nth: number;
  socket: MemorySocket;
  /** Answers later; a 354 said so begins the message. */
  say(answer: string): void;
}

/** @returns bytes to write; undefined for the usual reply; null for nothing at all */
export type Script = (moment: Moment, clock: VirtualClock) => string | undefined | null;

const USUAL: Record<string, string> = {
  CONNECT: '220 scripted ESMTP\r\n',
  EHLO: '250-scripted\r\n250-PIPELINING\r\n250 8BITMIME\r\n',
  DATA: '354 go ahead\r\n',
  '.': '250 2.0.0 kept\r\n',
  QUIT: '221 bye\r\n',
};

/** What one connection brought, in order: command lines and the end of each message. */
export interface Transcript {
  lines: string[];
  /** Messages that ended with a dot, dots unstuffed. */
  messages: string[];
  openedAt: number;
  closedAt: number | undefined;
}

class ScriptedServer implements Listener {
  readonly sessions: Transcript[] = [];
  dials = 0;

  constructor(
    private readonly script: Script,
    private readonly clock: VirtualClock,
    private readonly shake: (dial: number) => Handshake,
  ) {}

  handshake(): Handshake {
    return this.shake(++this.dials);
  }

  accept(socket: MemorySocket): void {
    const transcript: Transcript = {
      lines: [],
      messages: [],
      openedAt: this.clock.now(),
      closedAt: undefined,
    };
    const session = this.sessions.push(transcript);
    const counts = new Map<string, number>();
    let received = '';
    let inData = false;
    const ask = (line: string): void => {
      const verb = line.split(/[ :]/)[0]!.toUpperCase();
      const nth = (counts.get(verb) ?? 0) + 1;
      counts.set(verb, nth);
      const say = (answer: string): void => {
        if (!socket.destroyed) socket.write(answer);
        if (verb === 'DATA' && answer.startsWith('354')) inData = true;
      };
      const said = this.script({ line, verb, session, nth, socket, say }, this.clock);
      const answer = said === undefined ? (USUAL[verb] ?? '250 ok\r\n') : said;
      if (answer !== null) say(answer);
      if (verb === 'QUIT' && answer !== null) socket.end();
    };
    socket.on('error', () => undefined);
    socket.once('close', () => (transcript.closedAt = this.clock.now()));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('utf8');
      for (;;) {
        const end = inData ? received.indexOf('\r\n.\r\n') : received.indexOf('\r\n');
        if (end < 0) return;
        const text = received.slice(0, end);
        received = received.slice(end + (inData ? 5 : 2));
        if (inData) transcript.messages.push(text.replace(/^\.\./gm, '.'));
        transcript.lines.push(inData ? '.' : text);
        inData = false;
        ask(transcript.lines.at(-1)!);
      }
    });
    ask('CONNECT');
  }
}

export interface ScriptedOptions {
  contacts?: string[];
  policy?: RetryPolicy;
  limits?: SenderOptions['limits'];
  timeouts?: SenderOptions['timeouts'];
  /** What else the sender is given. */
  sender?: Partial<SenderOptions>;
  text?: string;
  sizeBytes?: number;
  latencyMs?: number;
  /** Answers to the handshakes; all accepted unless given. */
  handshake?: (dial: number) => Handshake;
  /** Told when the world stands, before time moves. */
  before?: (world: { clock: VirtualClock; sender: Sender }) => void;
}

export interface Scripted {
  events: Events;
  sessions: Transcript[];
  server: { dials: number };
  sender: Sender;
  clock: VirtualClock;
}

/** One attempt each unless the test gives a policy: what happened to it is what the test looks at. */
export const ONE_ATTEMPT = policy({ retry: { attempts: { counting: 'total', total: 1 } } });

/** A scripted server under a virtual clock, and the ports of a sender that lead to it, whatever the domain. */
export function scriptedWorld(
  script: Script,
  { latencyMs = 0, handshake = () => 'accept' }: Pick<ScriptedOptions, 'latencyMs' | 'handshake'> = {},
) {
  const clock = VirtualClock.install();
  onTestFinished(() => clock.uninstall());
  const network = new MemoryNetwork(clock, latencyMs);
  const server = new ScriptedServer(script, clock, handshake);
  network.listen({ address: ADDRESS, port: PORT }, server);
  const ports = {
    clock,
    resolver: {
      // A host of its own for each domain: otherwise all of them would be one site.
      resolveMx: (domain = 'example.org') => Promise.resolve([{ exchange: `mx.${domain}`, preference: 10 }]),
      resolve4: () => Promise.resolve([ADDRESS]),
    },
    dialer: {
      dial: (address: string, port: number) =>
        network.connect({ address, port }, ADDRESS) as unknown as net.Socket,
    },
    random: seededRandom('1'),
  };
  return { clock, ports, server, sessions: server.sessions };
}

/** Sends one mailing to contacts that all live at a scripted server, and plays it to its end. */
export async function sendTo(script: Script, options: ScriptedOptions = {}): Promise<Scripted> {
  const { clock, ports, server, sessions } = scriptedWorld(script, options);
  const all: RunEvent[] = [];
  const log = new EventLog({ now: () => clock.now(), readers: [(event) => all.push(event)] });
  const sender = new Sender({
    ...ports,
    policy: options.policy ?? ONE_ATTEMPT,
    emit: log.emit,
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.timeouts ? { timeouts: options.timeouts } : {}),
    ...options.sender,
  });
  for (const address of options.contacts ?? ['bob@example.org']) sender.addContact({ address });
  const message = { subject: 'News', text: options.text ?? 'Hello', sizeBytes: options.sizeBytes ?? 0 };
  sender.send({ name: 'news', kind: 'standard', message }, 0);
  options.before?.({ clock, sender });
  await clock.run({ horizonMs: 100 * HOUR, wallLimitMs: 20_000 });
  return { events: new Events(all), sessions, server, sender, clock };
}
