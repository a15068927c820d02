// Draws the behaviors of one experiment: from the faults that are enabled, for domains, sites, hosts and mailboxes.

import { thatMayAct, type DrawnPlace } from './acting.js';
import type { Data } from './document.js';
import type { Draw } from './draw.js';
import { drawBehavior, drawTimes, FAULTS, type Fault } from './faults.js';

/** Probability that an enabled fault is used by a domain, and by one of its hosts. */
const PRESENT = { domain: 0.6, host: 0.4 };
/** Probability that a behavior of hosts with both families is for one of them alone. */
const ONE_FAMILY = 0.3;
const FAMILIES = ['v4', 'v6'];

export class Behaviors {
  private readonly enabled: Extract<Fault, { kind: 'behavior' }>[];

  constructor(
    private readonly draw: Draw,
    private readonly faults: ReadonlySet<string>,
    /** Hour by which all have ended. */
    private readonly hours: number,
  ) {
    this.enabled = [...faults].flatMap((name) => {
      const fault = FAULTS.get(name);
      return fault?.kind === 'behavior' ? [fault] : [];
    });
  }

  /**
   * A list for a domain, a site or a host, which may be empty.
   *
   * @param hasBoth its hosts have addresses of both families
   */
  of(place: Exclude<DrawnPlace, 'mailbox'>, hasBoth = false): { behaviors?: Data } {
    const { draw, hours } = this;
    const present = PRESENT[place === 'host' ? 'host' : 'domain'];
    const drawn = this.enabled
      .filter((fault) => fault.domain && draw.chance(present))
      .map((fault) => drawBehavior(draw, fault, hours, 'domain'));
    const list = hasBoth ? [...this.refusedFamily(), ...drawn.map((one) => this.ofFamily(one))] : drawn;
    const behaviors = thatMayAct(list, place);
    return behaviors.length > 0 ? { behaviors } : {};
  }

  /** One or two for a mailbox; none when no fault of a mailbox is enabled. */
  ofMailbox(): Data[] {
    const { draw, hours } = this;
    const faults = this.enabled.filter(({ mailbox }) => mailbox);
    if (faults.length === 0) return [];
    return thatMayAct(
      draw.many(1, 2, () => drawBehavior(draw, draw.one(faults), hours, 'mailbox')),
      'mailbox',
    );
  }

  /** What a `set` event gives to something; undefined when nothing that is enabled can act there. */
  set(place: DrawnPlace): Data[] | undefined {
    const { draw, hours } = this;
    if (place === 'mailbox') {
      const list = this.ofMailbox();
      return list.length > 0 ? list : undefined;
    }
    const faults = this.enabled.filter(({ domain }) => domain);
    if (faults.length === 0) return undefined;
    const list = thatMayAct([drawBehavior(draw, draw.one(faults), hours, 'domain')], place);
    return list.length > 0 ? list : undefined;
  }

  /** A host at which one family of addresses leads to no server. */
  private refusedFamily(): Data[] {
    const { draw, faults, hours } = this;
    if (!faults.has('families') || draw.chance(0.5)) return [];
    return [{ do: draw.one(['down', 'unreachable']), family: draw.one(FAMILIES), ...drawTimes(draw, hours) }];
  }

  private ofFamily(behavior: { [key: string]: Data }): { [key: string]: Data } {
    return this.draw.chance(ONE_FAMILY) ? { ...behavior, family: this.draw.one(FAMILIES) } : behavior;
  }
}
