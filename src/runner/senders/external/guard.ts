// Restricts an external sender to its scenario: no network but the fleet, no processes, threads or debuggers, and
// no end of the process it runs in. A forbidden call fails at once, and the first one is kept for the result. What
// runs in the same JavaScript can be misled by it: docs/external-sender.md says what the guard holds and what not.

import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import inspector from 'node:inspector';
import nodeModule, { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import process from 'node:process';
import workerThreads from 'node:worker_threads';

type Method = (this: unknown, ...args: unknown[]) => unknown;

const BY_PORTS = 'must reach the network by its ports only';
const ALONE = 'must stay within its own process';
const NO_END = 'must not end what it runs in';

export class Guard {
  /** The first forbidden call and the rule against it, as a sentence; undefined while there was none. */
  tried: string | undefined;
  private readonly restores: (() => void)[] = [];
  private readonly permitted = new WeakSet();

  /** From now on forbidden calls fail in this thread. */
  install(): void {
    this.network();
    this.belowTheNetwork();
    this.names();
    this.processes();
    syncBuiltinESMExports();
  }

  uninstall(): void {
    for (const restore of this.restores.splice(0).reverse()) restore();
    syncBuiltinESMExports();
  }

  /**
   * Lets a socket connect once, or a server listen once. The simulator calls it for its own; a module cannot, since
   * it has no access to this object.
   */
  readonly permit = (own: net.Socket | net.Server): void => void this.permitted.add(own);

  private network(): void {
    this.replace(net.Socket.prototype, 'connect', (connect, socket, args) => {
      if (this.permitted.delete(socket as net.Socket)) return connect.apply(socket, args);
      const error = this.forbid(`a connection to ${placeOf(args)}`, BY_PORTS);
      return (socket as net.Socket).destroy(error);
    });
    this.replace(net.Server.prototype, 'listen', (listen, server, args) => {
      if (this.permitted.has(server as net.Server)) return listen.apply(server, args);
      throw this.forbid(`to listen on ${placeOf(args)}`, BY_PORTS);
    });
    // Called by `listen`, also in a later turn.
    this.replace(net.Server.prototype, '_listen2', (listen, server, args) => {
      if (this.permitted.delete(server as net.Server)) return listen.apply(server, args);
      throw this.forbid(`to listen on ${String(args[0])}:${String(args[1])}`, BY_PORTS);
    });
    for (const name of ['createSocket', 'Socket', '_createSocketHandle'])
      this.refuse(dgram, name, () => 'a datagram', BY_PORTS);
  }

  /** Ways to the network that go below the functions above. */
  private belowTheNetwork(): void {
    this.refuse(
      net,
      '_createServerHandle',
      ([host, port]) => `to listen on ${String(host)}:${String(port)}`,
      BY_PORTS,
    );
    for (const name of ['binding', '_linkedBinding'])
      this.refuse(process, name, ([part]) => `process.${name} of ${String(part)}`, BY_PORTS);
    this.refuse(inspector, 'open', () => 'to listen for a debugger', BY_PORTS);
    for (const name of ['connect', 'connectToMainThread'])
      this.refuse(inspector.Session.prototype, name, () => `a debugger (inspector.Session.${name})`, ALONE);
  }

  /** DNS: the functions of node:dns and resolvers with other servers. */
  private names(): void {
    const asked = (owner: object): string[] =>
      Object.getOwnPropertyNames(owner).filter((name) => /^(lookup|resolve|reverse)/.test(name));
    const forbidden = (name: string, args: unknown[]): Error =>
      this.forbid(`DNS (${name} of ${String(args[0])})`, BY_PORTS);
    for (const owner of [dns, dns.Resolver.prototype])
      for (const name of asked(owner))
        this.replace(owner, name, (ask, self, args) => {
          // An address is returned as it is, without a question. The servers of the TCP wire look theirs up.
          if (name === 'lookup' && net.isIP(String(args[0])) > 0) return ask.apply(self, args);
          const error = forbidden(name, args);
          const callback = args.at(-1);
          if (typeof callback === 'function')
            queueMicrotask(() => (callback as Method).call(undefined, error));
          return undefined;
        });
    for (const owner of [dns.promises, dns.promises.Resolver.prototype])
      for (const name of asked(owner))
        this.replace(owner, name, (_, __, args) => Promise.reject(forbidden(name, args)));
  }

  private processes(): void {
    // `_kill` is what `kill` calls; `_debugProcess` makes another process listen for a debugger.
    for (const name of [
      'exit',
      'reallyExit',
      'abort',
      'kill',
      '_kill',
      'execve',
      '_debugProcess',
      '_debugEnd',
    ])
      this.refuse(process, name, () => `process.${name}`, NO_END);
    // The constructor too: its objects hold a handle with a `spawn` of its own.
    for (const name of ['spawn', 'fork', 'exec', 'execFile', 'spawnSync', 'execFileSync', 'execSync'])
      this.refuse(childProcess, name, ([file]) => `to start the process ${String(file)}`, ALONE);
    this.refuse(childProcess, 'ChildProcess', () => 'to start a process (new ChildProcess)', ALONE);
    this.refuse(workerThreads, 'Worker', () => 'to start a thread', ALONE);
    // Hooks run in a thread that is not guarded.
    this.refuse(nodeModule, 'register', ([hooks]) => `to register the hooks ${String(hooks)}`, ALONE);
  }

  /** Replaces a method or a constructor with one that throws. */
  private refuse(owner: object, name: string, what: (args: unknown[]) => string, must: string): void {
    this.replace(owner, name, (_, __, args) => {
      throw this.forbid(what(args), must);
    });
  }

  private replace(
    owner: object,
    name: string,
    act: (original: Method, self: unknown, args: unknown[]) => unknown,
  ): void {
    const values = owner as Record<string, unknown>;
    const original = values[name];
    if (typeof original !== 'function') return;
    values[name] = function (this: unknown, ...args: unknown[]): unknown {
      return act(original as Method, this, args);
    };
    this.restores.push(() => {
      values[name] = original;
    });
  }

  private forbid(what: string, must: string): Error {
    this.tried ??= `it tried ${what}, and ${must}`;
    const error = new Error(`bouncelab: a sender ${must}; it tried ${what}`);
    return Object.assign(error, { code: 'EPERM' });
  }
}

/** The target of a call of `connect` or `listen`; Node may have normalized its arguments to one list. */
function placeOf(args: unknown[]): string {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null) {
    const { host = 'localhost', port, path } = first as { host?: string; port?: number; path?: string };
    return path ?? `${host}:${port}`;
  }
  return `${typeof second === 'string' ? second : 'localhost'}:${String(first)}`;
}
