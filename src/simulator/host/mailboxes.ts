// The mailboxes of one recipient domain at one host: the behaviors of each, and those for every recipient
// of the domain, which matter where several domains share the host.

import { localPartOf, mailboxName } from '../../base/addresses.js';
import { WildcardIndex } from '../../base/wildcard-index.js';
import { readShorthand, shorthandOf } from '../behaviors/shorthand.js';
import type { BehaviorPlan, DomainPlan, ProfilePlan } from '../plan.js';

export class Mailboxes {
  /** For every recipient of the domain. */
  behaviors: BehaviorPlan[];
  /** By the patterns of the plan, of which the first that matches counts. */
  private readonly named = new WildcardIndex<BehaviorPlan[]>();
  /** Those that were replaced, by local part. They come before all patterns. */
  private readonly replaced = new Map<string, BehaviorPlan[]>();
  private readonly isPlain: boolean;
  private readonly isShort: boolean;
  /** Behaviors named by addresses, by the text that names them. */
  private readonly shorthand = new Map<string, readonly BehaviorPlan[]>();

  /**
   * @param profile of the host: gives the stages of behaviors that addresses name
   * @param notePoints takes behaviors that may act from now on
   */
  constructor(
    plan: DomainPlan,
    private readonly profile: ProfilePlan | undefined,
    private readonly notePoints: (behaviors: readonly BehaviorPlan[]) => void,
  ) {
    this.behaviors = plan.behaviors;
    this.isShort = plan.shorthand === true;
    this.isPlain = plan.mailboxes.length === 0 && !this.isShort;
    notePoints(this.behaviors);
    for (const { pattern, behaviors } of plan.mailboxes) {
      this.named.add(pattern, behaviors);
      notePoints(behaviors);
    }
  }

  /** Replaces the behaviors of one mailbox, from now on. */
  set(localPart: string, behaviors: BehaviorPlan[]): void {
    this.notePoints(behaviors);
    this.replaced.set(localPart.toLowerCase(), behaviors);
  }

  /** The behaviors of the mailbox of a recipient; undefined when it has none. */
  of(recipient: string): readonly BehaviorPlan[] | undefined {
    if (this.isPlain && this.replaced.size === 0) return undefined;
    const localPart = mailboxName(localPartOf(recipient));
    const named = this.replaced.get(localPart) ?? this.named.find(localPart);
    return named ?? (this.isShort ? this.shorthandFor(localPart) : undefined);
  }

  /** The behaviors that an address names. Addresses that name the same share one list. */
  private shorthandFor(localPart: string): readonly BehaviorPlan[] | undefined {
    const text = shorthandOf(localPart);
    if (text === undefined) return undefined;
    const known = this.shorthand.get(text);
    if (known) return known;
    const read = readShorthand(localPart, this.profile)!;
    if ('message' in read) return undefined;
    this.notePoints(read);
    this.shorthand.set(text, read);
    return read;
  }
}
