// The TCP wire: every byte, FIN and RST between the two ends of a connection goes through real sockets on
// loopback, under the virtual clock. Each address of the fleet has its own port, picked by the operating
// system. Latency, timeouts and back-pressure are on the clock, as on the memory wire. Refused and
// unanswered handshakes are simulated: waiting for the operating system would take real time.

import net from 'node:net';
import type { VirtualClock } from '../../clock/virtual.js';
import { BouncelabError, invariant } from '../../base/errors.js';
import { connectLoopback, listenLoopback, type Announce } from '../../base/loopback.js';
import { ClockedNetwork, keyOf } from './network.js';
import { MemorySocket, type Endpoint, type Sent } from './memory-socket.js';
import { TcpLine, type Side } from './tcp-line.js';

const LOOPBACK = '127.0.0.1';

/** A listening socket of the operating system. */
interface Port {
  server: net.Server;
  /** Accepted sockets that no connection has claimed yet, by the client's port. */
  accepted: Map<number, net.Socket>;
}

export class TcpNetwork extends ClockedNetwork {
  private readonly ports = new Map<string, Port>();
  private readonly raws = new Set<net.Socket>();
  /** Lines on which something is in flight. */
  private readonly busy = new Set<TcpLine>();
  private failure: Error | undefined;
  private readonly unwatch: () => void;

  /** @param announce is called with each socket and server of the operating system before it is opened */
  constructor(
    clock: VirtualClock,
    latencyMs: number,
    private readonly announce?: Announce,
  ) {
    super(clock, latencyMs);
    this.unwatch = clock.watch({
      settled: () => this.settled(),
      waitsFor: () => [...this.busy].map(({ waitsFor }) => waitsFor),
    });
  }

  override connect(to: Endpoint, clientAddress: string): MemorySocket {
    const client = super.connect(to, clientAddress);
    invariant(client instanceof TcpSocket, 'a client of the TCP wire is a TcpSocket');
    const claim = this.dial(this.portOf(keyOf(to)));
    const name = `the connection from ${client.localAddress}:${client.localPort} to ${keyOf(to)}`;
    const line: TcpLine = new TcpLine(name, claim, () => this.busy.add(line));
    this.busy.add(line);
    client.use(line, 'client');
    return client;
  }

  override async close(): Promise<void> {
    this.unwatch();
    const closing = [...this.raws].map(async (raw) => {
      raw.removeAllListeners('data').removeAllListeners('end').destroy();
      if (!raw.closed) await new Promise((done) => raw.once('close', done));
    });
    for (const { server } of this.ports.values()) {
      closing.push(new Promise((done) => server.close(() => done())));
    }
    await Promise.all(closing);
  }

  protected override socket(local: Endpoint, remote: Endpoint): TcpSocket {
    return new TcpSocket(this.clock, this.latencyMs, local, remote);
  }

  protected override answer(client: MemorySocket, at: Endpoint, from: Endpoint): MemorySocket {
    const server = this.socket(at, from);
    if (client instanceof TcpSocket) client.answeredBy(server);
    return server;
  }

  /** Connects as soon as the port listens. @returns a function that returns both sockets once they are connected */
  private dial({ server, accepted }: Port): () => Record<Side, net.Socket> | undefined {
    let client: net.Socket | undefined;
    const start = (): void => {
      const { port } = server.address() as net.AddressInfo;
      client = this.keep(connectLoopback({ host: LOOPBACK, port, allowHalfOpen: true }, this.announce));
      client.once('error', (error) => this.fail(`connect to ${LOOPBACK}:${port}`, error));
    };
    if (server.listening) start();
    else server.once('listening', start);
    return () => {
      const peer = client && !client.connecting && accepted.get(client.localPort!);
      if (!client || !peer) return undefined;
      accepted.delete(client.localPort!);
      client.removeAllListeners('error');
      return { client, server: peer };
    };
  }

  private portOf(address: string): Port {
    const known = this.ports.get(address);
    if (known) return known;
    const accepted = new Map<number, net.Socket>();
    const server = net.createServer({ allowHalfOpen: true }, (raw) => {
      accepted.set(raw.remotePort!, this.keep(raw));
      // A client that is not ours may reset its connection.
      raw.on('error', () => undefined);
    });
    server.on('error', (error) => this.fail(`listen on ${LOOPBACK}`, error));
    // Every client that dials before the port listens adds a listener.
    server.setMaxListeners(0);
    listenLoopback(server, 0, this.announce);
    const port = { server, accepted };
    this.ports.set(address, port);
    return port;
  }

  private keep(raw: net.Socket): net.Socket {
    this.raws.add(raw);
    raw.once('close', () => this.raws.delete(raw));
    return raw.setNoDelay(true);
  }

  private settled(): boolean {
    if (this.failure) throw this.failure;
    for (const line of this.busy) {
      if (!line.settled()) return false;
      this.busy.delete(line);
    }
    return true;
  }

  private fail(what: string, error: Error): void {
    this.failure ??= new BouncelabError('E_HARNESS', `cannot ${what}: ${error.message}`, {
      hint: 'the TCP wire needs a port for each host and two file descriptors for each connection: raise `ulimit -n`, or use --wire memory',
      cause: error,
    });
  }
}

/** One end of a connection on the TCP wire. */
class TcpSocket extends MemorySocket {
  private line: TcpLine | undefined;
  private side: Side = 'client';

  use(line: TcpLine, side: Side): void {
    this.line = line;
    this.side = side;
  }

  answeredBy(server: TcpSocket): void {
    this.line!.answer();
    server.use(this.line!, 'server');
  }

  protected override dispatch(sent: Sent): void {
    this.line?.dispatch(this.side, sent);
  }

  protected override carry(peer: MemorySocket, sent: Sent): void {
    super.carry(peer, this.line ? this.line.take(this.side, sent) : sent);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(error, callback);
    this.line?.leave(this.side);
  }
}
