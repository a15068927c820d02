// How a destination is spared. A host that refuses connections or throttles is passed over for a
// time; and when it refuses one more connection while others stand, fewer are opened from then on.
// None of this is an attempt of anybody.

import type { Emit } from '../../events/types.js';
import type { Clock } from '../ports.js';
import type { CarePolicy } from '../../policy/retry-policy.js';

export interface HostCareOptions {
  domain: string;
  clock: Clock;
  /** Absent: nothing is suspended and nothing lowered. */
  policy: CarePolicy | undefined;
  connectionsMax: number;
  tell: Emit;
}

export class HostCare {
  /** Until when a host is suspended. */
  private readonly suspended = new Map<string, number>();
  /** Hosts of the last look-up. */
  private hosts: string[] = [];
  private lowered: { to: number; at: number } | undefined;

  constructor(private readonly options: HostCareOptions) {}

  /**
   * Takes the hosts of a look-up, and chooses those to try: all that are not suspended; all of them
   * when none is left.
   */
  choose(hosts: string[]): string[] {
    this.hosts = hosts;
    if (this.suspended.size === 0) return hosts;
    const free = hosts.filter((host) => !this.isSuspended(host));
    return free.length > 0 ? free : hosts;
  }

  /** A host has refused a connection, or throttled. */
  suspend(host: string, why: 'refused' | 'throttled'): void {
    const { policy, clock, tell, domain } = this.options;
    if (!policy || policy.suspendMs === 0 || this.isSuspended(host)) return;
    const until = clock.now() + policy.suspendMs;
    this.suspended.set(host, until);
    tell({ type: 'host.suspended', domain, host, until, why });
  }

  /** Whether a connection to this host should get no more work. */
  isHeld(host: string): boolean {
    if (this.suspended.size === 0 || !this.isSuspended(host)) return false;
    return this.waits || this.hosts.some((other) => !this.isSuspended(other));
  }

  /** When a connection may be opened again; undefined: now. */
  get resumesAt(): number | undefined {
    if (!this.waits || this.suspended.size === 0) return undefined;
    let first = Infinity;
    for (const host of this.hosts) {
      if (!this.isSuspended(host)) return undefined;
      first = Math.min(first, this.suspended.get(host)!);
    }
    return first;
  }

  /** A host refused a connection while `standing` others stood. */
  lower(host: string, standing: number): void {
    const { policy, clock, tell, domain } = this.options;
    if (!policy) return;
    this.lowered = { to: standing, at: clock.now() };
    tell({ type: 'destination.limited', domain, host, connections: standing });
  }

  /** Connections that may be open at once now: after a refusal one more for each `recover`. */
  get connectionsMax(): number {
    const { policy, clock, connectionsMax } = this.options;
    if (!policy || !this.lowered) return connectionsMax;
    const { to, at } = this.lowered;
    const regained = policy.recoverMs === 0 ? Infinity : Math.floor((clock.now() - at) / policy.recoverMs);
    return Math.min(connectionsMax, to + regained);
  }

  private get waits(): boolean {
    return this.options.policy?.allSuspended === 'wait';
  }

  private isSuspended(host: string): boolean {
    const until = this.suspended.get(host);
    if (until === undefined) return false;
    if (this.options.clock.now() < until) return true;
    this.suspended.delete(host);
    return false;
  }
}
