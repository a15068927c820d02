// Back-off from the hosts of a destination. A host that refuses connections or throttles is suspended for a
// time; when a further connection fails while others are open, fewer are opened from then on. None of this
// counts as an attempt.

import type { Emit } from '../../events/types.js';
import type { Clock } from '../ports.js';
import type { CarePolicy } from '../../policy/retry-policy.js';
import { Site } from './site.js';

interface HostBackoffOptions {
  clock: Clock;
  /** Absent: no host is suspended, and a lowered limit recovers without delay. */
  policy: CarePolicy | undefined;
  connectionsMax: number;
  emit: Emit;
}

export class HostBackoff {
  /** Shares suspensions and the lowered limit with the other destinations of the site. */
  site = new Site();
  /** Hosts of the last MX lookup. */
  private hosts: string[] = [];

  constructor(private readonly options: HostBackoffOptions) {}

  /** Takes the hosts of an MX lookup. @returns whether the site lets the connection that needed it dial one now */
  admits(hosts: string[]): boolean {
    this.hosts = hosts;
    return this.site.connectionsInUse <= this.connectionsMax && this.resumesAt === undefined;
  }

  /** Takes the hosts of an MX lookup. @returns those to try: the hosts not suspended, or all if all are */
  choose(hosts: string[]): string[] {
    this.hosts = hosts;
    if (this.site.suspended.size === 0) return hosts;
    const free = hosts.filter((host) => !this.isSuspended(host));
    return free.length > 0 ? free : hosts;
  }

  /** Suspends a host that has refused a connection or throttled. @param domain for which it was used */
  suspend(domain: string, host: string, why: 'refused' | 'throttled'): void {
    const { policy, clock, emit } = this.options;
    if (!policy || policy.suspendMs === 0 || this.isSuspended(host)) return;
    const until = clock.now() + policy.suspendMs;
    this.site.suspended.set(host, until);
    emit({ type: 'host.suspended', domain, host, until, why });
  }

  /** Whether an open connection to this host should carry no further transaction. */
  isHeld(host: string): boolean {
    if (this.site.suspended.size === 0 || !this.isSuspended(host)) return false;
    return this.waits || this.hosts.some((other) => !this.isSuspended(other));
  }

  /** When a connection may be opened again; undefined when it may be now. */
  get resumesAt(): number | undefined {
    if (!this.waits || this.site.suspended.size === 0) return undefined;
    let first = Infinity;
    for (const host of this.hosts) {
      if (!this.isSuspended(host)) return undefined;
      first = Math.min(first, this.site.suspended.get(host)!);
    }
    return first;
  }

  /** Lowers the limit to the `open` connections there were when a further one failed. */
  lower(domain: string, host: string, open: number): void {
    const { policy, clock, emit } = this.options;
    this.site.lowered = { to: open, at: clock.now() };
    if (policy) emit({ type: 'destination.limited', domain, host, connections: open });
  }

  /**
   * Connections that may be open at once now: after a further one failed, one more for each `recoverMs`
   * passed.
   */
  get connectionsMax(): number {
    const { clock, connectionsMax } = this.options;
    if (!this.site.lowered) return connectionsMax;
    const { to, at } = this.site.lowered;
    const regained = this.recoverMs === 0 ? 0 : Math.floor((clock.now() - at) / this.recoverMs);
    return Math.min(connectionsMax, to + regained);
  }

  /**
   * Called when deliveries fall due, and when no connection is left: a limit that recovers without delay is
   * lifted then, and not before, so that the host is not dialed again and again while one is open.
   */
  regain(): void {
    if (this.recoverMs === 0) this.site.lowered = undefined;
  }

  /** Without a policy nothing is lowered for longer than needed. */
  private get recoverMs(): number {
    return this.options.policy?.recoverMs ?? 0;
  }

  private get waits(): boolean {
    return this.options.policy?.allSuspended === 'wait';
  }

  private isSuspended(host: string): boolean {
    const until = this.site.suspended.get(host);
    if (until === undefined) return false;
    if (this.options.clock.now() < until) return true;
    this.site.suspended.delete(host);
    return false;
  }
}
