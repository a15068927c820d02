// What the destinations of one site share: the number of connections, and the suspensions and lowered
// limits of its hosts. A destination alone in its site shares with none.

/** A destination, as far as its site needs it. */
export interface SiteMember {
  /** Connections that it holds or is about to dial. */
  readonly connectionsInUse: number;
  openConnections(host?: string): number;
  /** Whether deliveries wait for a connection that is not being opened. */
  readonly isWaiting: boolean;
  /** Ends a connection that has nothing to carry. @returns whether there was one */
  quitIdle(): boolean;
  pump(): void;
  /** The site that it belongs to from now on. */
  belongsTo(site: Site): void;
}

export class Site {
  /** Until when a host is suspended. */
  readonly suspended = new Map<string, number>();
  /** The limit of connections after a further one failed, and when that was. */
  lowered: { to: number; at: number } | undefined;
  private readonly members = new Set<SiteMember>();
  /** Members that found no room, and may still wait. */
  private readonly asking = new Set<SiteMember>();
  /** The site that this one has become part of. */
  private into: Site | undefined;

  /** This site, or the one that it has become part of. */
  get current(): Site {
    return this.into?.current ?? this;
  }

  get size(): number {
    return this.members.size;
  }

  join(member: SiteMember): void {
    this.members.add(member);
  }

  leave(member: SiteMember): void {
    this.members.delete(member);
    this.asking.delete(member);
  }

  /** Makes one site of two. The stricter of both limits holds. */
  absorb(other: Site): void {
    if (other === this) return;
    for (const [host, until] of other.suspended)
      this.suspended.set(host, Math.max(until, this.suspended.get(host) ?? 0));
    if (other.lowered && (!this.lowered || other.lowered.to < this.lowered.to)) this.lowered = other.lowered;
    for (const member of other.members) {
      this.join(member);
      member.belongsTo(this);
    }
    for (const member of other.asking) this.asking.add(member);
    other.members.clear();
    other.into = this;
  }

  get connectionsInUse(): number {
    let count = 0;
    for (const { connectionsInUse } of this.members) count += connectionsInUse;
    return count;
  }

  /** Number of open connections to a host; without one, to all hosts of the site. */
  openConnections(host?: string): number {
    let count = 0;
    for (const member of this.members) count += member.openConnections(host);
    return count;
  }

  /** Ends an idle connection of another member, for one that needs it: the next that becomes idle if there is none. */
  makeRoom(asking: SiteMember): void {
    for (const member of this.members) if (member !== asking && member.quitIdle()) return;
    this.asking.add(asking);
  }

  /** Whether another member needs a connection more than one that has nothing to carry. */
  isWanted(by: SiteMember): boolean {
    for (const member of this.asking) {
      this.asking.delete(member);
      if (member !== by && member.isWaiting) return true;
    }
    return false;
  }

  /** A member uses one connection less: the others may open one first. */
  freed(by: SiteMember): void {
    if (this.members.size > 1) {
      // The order in which they are asked changes, so that none is always the first.
      this.members.delete(by);
      this.members.add(by);
      for (const member of [...this.members]) if (member !== by) member.pump();
    }
    by.pump();
  }
}
