// Keeps a module from reaching anything but the fleet: no socket of its own, no DNS, no datagram. What
// it tries fails at once, and the first try is remembered for the verdict.

import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<string, Method>;

export class NetworkGuard {
  /** What the module tried first, such as `a connection to 192.0.2.1:25`; undefined when it kept to its ports. */
  tried: string | undefined;
  private readonly restores: (() => void)[] = [];
  private own = 0;

  /** Everything that is not let through fails from now on, in this thread. */
  install(): void {
    this.replace(net.Socket.prototype, 'connect', (original) =>
      forbidding((socket, args) => {
        if (this.own > 0) return original.apply(socket, args);
        const error = this.forbid(`a connection to ${targetOf(args)}`);
        (socket as net.Socket).destroy(error);
        return socket;
      }),
    );
    for (const method of ['connect', 'send', 'bind'])
      this.replace(dgram.Socket.prototype, method, () => () => {
        throw this.forbid('a datagram');
      });
    const lookups = [
      'lookup',
      'lookupService',
      ...Object.keys(dns).filter((key) => /^(resolve|reverse)/.test(key)),
    ];
    for (const name of lookups) {
      this.replace(dns, name, () => (...args) => {
        const error = this.forbid(`DNS (${name} of ${String(args[0])})`);
        const callback = args.at(-1);
        if (typeof callback === 'function') queueMicrotask(() => (callback as Method).call(undefined, error));
      });
      this.replace(
        dns.promises,
        name,
        () =>
          (...args) =>
            Promise.reject(this.forbid(`DNS (${name} of ${String(args[0])})`)),
      );
    }
    syncBuiltinESMExports();
  }

  uninstall(): void {
    for (const restore of this.restores.splice(0).reverse()) restore();
    syncBuiltinESMExports();
  }

  /** Lets through what `work` opens in this call. */
  allow<T>(work: () => T): T {
    this.own++;
    try {
      return work();
    } finally {
      this.own--;
    }
  }

  private forbid(what: string): Error {
    this.tried ??= what;
    return Object.assign(
      new Error(`bouncelab: a sender reaches the network by its ports only; it tried ${what}`),
      {
        code: 'EPERM',
      },
    );
  }

  private replace(owner: object, name: string, make: (original: Method) => Method): void {
    const methods = owner as Methods;
    const original = methods[name];
    if (typeof original !== 'function') return;
    methods[name] = make(original);
    this.restores.push(() => {
      methods[name] = original;
    });
  }
}

function forbidding(act: (owner: unknown, args: unknown[]) => unknown): Method {
  return function (this: unknown, ...args) {
    return act(this, args);
  };
}

/** Where a call of `connect` leads; its arguments may have been normalized to a list. */
function targetOf(args: unknown[]): string {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null) {
    const { host = 'localhost', port, path } = first as { host?: string; port?: number; path?: string };
    return path ?? `${host}:${port}`;
  }
  return `${typeof second === 'string' ? second : 'localhost'}:${String(first)}`;
}
