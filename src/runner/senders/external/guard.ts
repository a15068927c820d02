// Restricts an external sender to its scenario: no network but the fleet, no processes or threads, and no end
// of the process it runs in. A forbidden call fails at once, and the first one is kept for the result. Native
// addons of Node are not restricted.

import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import inspector from 'node:inspector';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import process from 'node:process';
import workerThreads from 'node:worker_threads';
import { opensLoopback } from '../../../base/loopback.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

const BY_PORTS = 'must reach the network by its ports only';
const ALONE = 'must stay within its own thread';
const NO_END = 'must not end what it runs in';

export class Guard {
  /** The first forbidden call and the rule against it, as a sentence; undefined while there was none. */
  tried: string | undefined;
  private readonly restores: (() => void)[] = [];

  /** From now on forbidden calls fail in this thread. */
  install(): void {
    this.network();
    this.names();
    this.processes();
    syncBuiltinESMExports();
  }

  uninstall(): void {
    for (const restore of this.restores.splice(0).reverse()) restore();
    syncBuiltinESMExports();
  }

  private network(): void {
    this.replace(net.Socket.prototype, 'connect', (socket, args) => {
      const error = this.forbid(`a connection to ${placeOf(args)}`, BY_PORTS);
      return (socket as net.Socket).destroy(error);
    });
    this.replace(net.Server.prototype, 'listen', (_, args) => {
      throw this.forbid(`to listen on ${placeOf(args)}`, BY_PORTS);
    });
    for (const name of ['bind', 'connect', 'send', 'addMembership', 'addSourceSpecificMembership'])
      this.refuse(dgram.Socket.prototype, name, () => 'a datagram', BY_PORTS);
    this.refuse(inspector, 'open', () => 'to listen for a debugger', BY_PORTS);
    // Would give access to the network below the functions above.
    this.refuse(process, 'binding', ([name]) => `process.binding of ${String(name)}`, BY_PORTS);
  }

  /** DNS: the functions of node:dns and resolvers with other servers. */
  private names(): void {
    const asked = (owner: object): string[] =>
      Object.getOwnPropertyNames(owner).filter((name) => /^(lookup|resolve|reverse)/.test(name));
    const forbidden = (name: string, args: unknown[]): Error =>
      this.forbid(`DNS (${name} of ${String(args[0])})`, BY_PORTS);
    for (const owner of [dns, dns.Resolver.prototype])
      for (const name of asked(owner))
        this.replace(owner, name, (_, args) => {
          const error = forbidden(name, args);
          const callback = args.at(-1);
          if (typeof callback === 'function')
            queueMicrotask(() => (callback as Method).call(undefined, error));
        });
    for (const owner of [dns.promises, dns.promises.Resolver.prototype])
      for (const name of asked(owner))
        this.replace(owner, name, (_, args) => Promise.reject(forbidden(name, args)));
  }

  private processes(): void {
    for (const name of ['exit', 'reallyExit', 'abort', 'kill'])
      this.refuse(process, name, () => `process.${name}`, NO_END);
    // `exec`, `fork` and clusters all end up here.
    this.refuse(
      childProcess.ChildProcess.prototype,
      'spawn',
      ([options]) => `to start the process ${String((options as { file?: unknown }).file)}`,
      ALONE,
    );
    for (const name of ['spawnSync', 'execFileSync', 'execSync'])
      this.refuse(childProcess, name, ([file]) => `to start the process ${String(file)}`, ALONE);
    this.refuse(workerThreads, 'Worker', () => 'to start a thread', ALONE);
    // Results of scenarios are sent through this port: a module must not send one.
    this.put(workerThreads, 'parentPort', null);
  }

  /** Replaces a method with one that throws. */
  private refuse(owner: object, name: string, what: (args: unknown[]) => string, must: string): void {
    this.replace(owner, name, (_, args) => {
      throw this.forbid(what(args), must);
    });
  }

  /** Replaces a method, except for the sockets that Bouncelab itself opens. */
  private replace(owner: object, name: string, act: (self: unknown, args: unknown[]) => unknown): void {
    const original = (owner as Record<string, Method | undefined>)[name];
    if (typeof original !== 'function') return;
    this.put(owner, name, function (this: unknown, ...args: unknown[]): unknown {
      return opensLoopback() ? original.apply(this, args) : act(this, args);
    });
  }

  private put(owner: object, name: string, value: unknown): void {
    const values = owner as Record<string, unknown>;
    const original = values[name];
    values[name] = value;
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
