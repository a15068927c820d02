// The wire of a live fleet: hosts listen on loopback, each at an address or a port of its own, for any client.
// Latency is that of the machine. While a host is down, nothing listens there.

import type net from 'node:net';
import { isIPv6 } from 'node:net';
import { setRealTimeout } from '../../clock/system.js';
import { BouncelabError } from '../../base/errors.js';
import { tooManyOpenFiles } from '../../base/open-files.js';
import { reason } from '../../base/os-error.js';
import { LivePort } from './live-port.js';
import type { Listener, Network } from './network.js';
import type { Endpoint, MemorySocket } from './memory-socket.js';

const LOOPBACK = '127.0.0.1';

/** Ports that are tried in turn when none is given; 0: the system picks one. */
const SMTP_PORTS = [25, 2525, 0];

/** How many times a port that the system picked is tried at the addresses of all hosts. */
const PICKS_MAX = 20;

/** Real time in which clients may close their connections after a 421, ms. */
const GRACE_MS = 250;

interface Place {
  address: string;
  port: LivePort;
}

interface LiveNetworkOptions {
  /** `addresses`: each host at its own address, all at one port. `ports`: each at its own port of `address`. */
  by: 'addresses' | 'ports';
  /** Address of all ports with `by: ports`. */
  address?: string;
  /** The port of all hosts with `by: addresses`; 0: any. Absent: 25, else 2525, else any. */
  smtpPort?: number | undefined;
  /** Called with an error after the fleet was opened: a host that was down cannot listen again. */
  onError: (error: BouncelabError) => void;
}

export class LiveNetwork implements Network {
  private readonly ports = new Map<Listener, Map<string, LivePort>>();
  /** Those that do not listen yet, with their addresses. */
  private waiting: Place[] = [];
  private opening: Promise<void> = Promise.resolve();
  private readonly extra: LivePort[] = [];
  private readonly sockets = new Set<net.Socket>();
  /** The port of all hosts, once it is known. */
  private common: number | undefined;
  /** A host has the port of all hosts at the IPv6 address. */
  private hasV6 = false;
  private isClosed = false;

  constructor(private readonly options: LiveNetworkOptions) {}

  /** Registers a listener. It listens once `open` has been called. */
  listen(at: Endpoint, listener: Listener): { close(): void } {
    const port = this.port(listener, isIPv6(at.address) ? 'v6' : 'v4');
    let own = this.ports.get(listener);
    if (!own) this.ports.set(listener, (own = new Map<string, LivePort>()));
    own.set(at.address, port);
    this.waiting.push({ address: at.address, port });
    return { close: () => port.close() };
  }

  /** From now on no host gets the port of all hosts at the IPv6 address. */
  reserveV6(): void {
    this.hasV6 = true;
  }

  /** The port of all hosts; undefined with `by: ports`, and before they are opened. */
  get commonPort(): number | undefined {
    return this.common;
  }

  /**
   * Opens a further port for a listener.
   *
   * @throws BouncelabError E_USAGE when it cannot be opened
   */
  async openAlso(listener: Listener, at: Endpoint): Promise<Endpoint> {
    const port = this.port(listener, 'v4');
    await this.bind(port, at);
    this.extra.push(port);
    return port.at!;
  }

  /**
   * Makes every listener listen that does not yet.
   *
   * @throws BouncelabError E_USAGE when a port cannot be opened
   */
  open(): Promise<void> {
    // One after the other, so that none is opened twice. A failure is that of its own call.
    const opened = this.opening.then(() => this.openWaiting());
    this.opening = opened.catch(() => {});
    return opened;
  }

  private async openWaiting(): Promise<void> {
    const places = this.waiting;
    this.waiting = [];
    if (places.length === 0) return;
    if (this.options.by === 'ports') return this.openPorts(places);
    const { smtpPort } = this.options;
    if (this.common !== undefined) return this.openAll(places, this.common);
    const candidates = smtpPort === undefined ? SMTP_PORTS : [smtpPort];
    const picks = Array.from({ length: candidates.includes(0) ? PICKS_MAX : 0 }, () => 0);
    let failure: unknown;
    for (const port of [...candidates, ...picks]) {
      try {
        return await this.openAll(places, port);
      } catch (error) {
        failure ??= error;
        for (const one of places) one.port.close();
      }
    }
    throw failure;
  }

  /** Where a listener listens, or would while it is not down; `undefined` before it was opened. */
  placeOf(listener: Listener, address: string): Endpoint | undefined {
    return this.ports.get(listener)?.get(address)?.at;
  }

  /** Closes the ports of hosts that are down now, and opens those of hosts that are not any more. */
  refresh(): void {
    for (const port of [...this.all(), ...this.extra]) port.refresh();
  }

  /** Dials for the fleet itself. Returned mail has a way of its own, so that nothing does. */
  connect(to: Endpoint): MemorySocket {
    throw new BouncelabError('E_HARNESS', `a live fleet does not dial ${to.address}`);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const port of [...this.all(), ...this.extra]) port.close();
    await this.goneOrLate();
    for (const socket of this.sockets) socket.destroy();
  }

  /** Resolves when all clients have closed their connections, or have had time to. */
  private goneOrLate(): Promise<void> {
    return new Promise((done) => {
      if (this.sockets.size === 0) return done();
      const cancel = setRealTimeout(done, GRACE_MS);
      for (const socket of this.sockets)
        socket.once('close', () => {
          if (this.sockets.size > 0) return;
          cancel();
          done();
        });
    });
  }

  private all(): LivePort[] {
    return [...this.ports.values()].flatMap((own) => [...own.values()]);
  }

  private async openPorts(places: readonly Place[]): Promise<void> {
    const { address: beyond } = this.options;
    for (const { address, port } of places) {
      if (isIPv6(address) && beyond === undefined) await this.openV6(port, address, 0);
      else await this.bind(port, { address: beyond ?? LOOPBACK, port: 0 });
    }
  }

  private async openAll(places: readonly Place[], wanted: number): Promise<void> {
    let common = wanted;
    for (const { address, port } of places) {
      if (isIPv6(address)) continue;
      await this.bind(port, { address, port: common });
      common = port.at!.port;
    }
    for (const { address, port } of places) if (isIPv6(address)) await this.openV6(port, address, common);
    this.common = common;
  }

  /** There is one IPv6 address on loopback: the first host there has the port of all hosts, others any port. */
  private async openV6(port: LivePort, address: string, common: number): Promise<void> {
    const places = [
      { address, port: common },
      { address, port: 0 },
      { address: LOOPBACK, port: 0 },
    ];
    let failure: unknown;
    for (const at of this.hasV6 ? places.slice(1) : places) {
      failure = await port.open(at);
      if (failure !== undefined) continue;
      this.hasV6 = true;
      return;
    }
    throw refused(places[2]!, failure);
  }

  private async bind(port: LivePort, at: Endpoint): Promise<void> {
    const error = await port.open(at, this.options.address);
    if (error) throw refused(at, error);
  }

  private port(listener: Listener, family: 'v4' | 'v6'): LivePort {
    return new LivePort({
      isDown: () => listener.isDown?.(family) ?? false,
      accept: (socket) => this.accept(socket, listener),
      failed: (at, error) => {
        if (!this.isClosed) this.options.onError(refused(at, error));
      },
    });
  }

  private accept(socket: net.Socket, listener: Listener): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    const client = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const answer = listener.handshake(client);
    if (answer === 'accept') return listener.accept(socket as never);
    // The operating system has completed the handshake by now: `refuse` resets the connection, and
    // `ignore` stays silent.
    socket.on('error', () => undefined);
    if (answer === 'refuse') socket.resetAndDestroy();
  }
}

function refused({ address, port }: Endpoint, cause: unknown): BouncelabError {
  const tooMany = tooManyOpenFiles(cause);
  if (tooMany) return tooMany;
  const place = isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
  return new BouncelabError('E_USAGE', `cannot listen at ${place}: ${reason(cause)}`, {
    hint: 'choose another port, or leave it out and let the system pick one',
    cause,
  });
}
