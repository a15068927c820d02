// Automated mailings: a standing order that begins mailings by itself, for contacts that are added or
// again and again. Each time is a mailing of its own, an occurrence: it has its recipients, its response
// and its end like any other, and counts as one for the streaks of its contacts (rule 8).

import type { Changes } from './changes.js';
import type { Contact } from './model/contact.js';
import type { Mailing, Message, NewMailing } from './model/mailing.js';
import type { Clock } from './ports.js';
import { chooser, type Selection } from './model/selection.js';

/** What begins an occurrence. Times in ms. */
export type Trigger =
  /** A contact that is new. Those added while an occurrence is building are part of it. */
  | { on: 'contact-added' }
  /** The first one at the start, then one each `everyMs`. */
  | { everyMs: number; count: number };

export interface NewAutomation {
  /** Of the series; occurrences are called `NAME-1`, `NAME-2`, and so on. */
  name: string;
  trigger: Trigger;
  message: Message;
  /** Which contacts it is for; absent: all of them. */
  to?: Selection;
  /** How long each occurrence is building. */
  buildingMs: number;
  /** From when on it works, on the sender's clock. */
  startsAt: number;
}

export interface AutomationsOptions {
  clock: Clock;
  changes: Changes;
  /** All mailings of the sender, also those that it found in its store. */
  mailings: ReadonlyMap<string, Mailing>;
  /** Begins a mailing, within the change that is being made. */
  begin: (order: NewMailing, buildingMs: number) => void;
}

/** The name of the n-th occurrence, from 1. */
export function occurrenceName(series: string, n: number): string {
  return `${series}-${n}`;
}

export class Automations {
  private readonly onAdded: Welcome[] = [];

  constructor(private readonly options: AutomationsOptions) {}

  /**
   * Takes up a standing order. A sender that starts on a store is given it again: occurrences that there
   * have been are known by their names, and one whose time has passed meanwhile begins at once.
   */
  add(order: NewAutomation): void {
    const { trigger } = order;
    this.options.changes.emit({
      type: 'series.ordered',
      series: order.name,
      ...('on' in trigger ? { on: trigger.on } : { everyMs: trigger.everyMs, count: trigger.count }),
    });
    if ('on' in trigger) this.onAdded.push(new Welcome(order, this.options));
    else this.repeat(order, trigger.everyMs, trigger.count, 1);
  }

  /** A contact is new. Called within the change that adds it. */
  added(contact: Contact): void {
    for (const welcome of this.onAdded) welcome.added(contact);
  }

  private repeat(order: NewAutomation, everyMs: number, count: number, n: number): void {
    const { clock, changes, mailings, begin } = this.options;
    let next = n;
    while (next <= count && mailings.has(occurrenceName(order.name, next))) next++;
    if (next > count) return;
    const dueAt = order.startsAt + (next - 1) * everyMs;
    const wait = dueAt - clock.now();
    const go = (): void => {
      changes.request(() => begin(orderOf(order, next, order.to), order.buildingMs));
      this.repeat(order, everyMs, count, next + 1);
    };
    if (wait > 0) clock.after(wait, go);
    else go();
  }
}

/** The standing order for contacts that are added. */
class Welcome {
  private readonly isMeant: (contact: Contact) => boolean;
  /** Occurrences so far. */
  private count = 0;

  constructor(
    private readonly order: NewAutomation,
    private readonly options: AutomationsOptions,
  ) {
    this.isMeant = chooser(order.to);
    while (options.mailings.has(occurrenceName(order.name, this.count + 1))) this.count++;
  }

  added(contact: Contact): void {
    const { clock, changes, mailings, begin } = this.options;
    if (clock.now() < this.order.startsAt || contact.status !== 'active' || !this.isMeant(contact)) return;
    const building = mailings.get(occurrenceName(this.order.name, this.count));
    if (building?.state === 'building') {
      building.order.to!.addresses!.push(contact.key);
      changes.mailing(building);
      return;
    }
    this.count++;
    begin(orderOf(this.order, this.count, { addresses: [contact.key] }), this.order.buildingMs);
  }
}

function orderOf({ name, message }: NewAutomation, n: number, to: Selection | undefined): NewMailing {
  return {
    name: occurrenceName(name, n),
    series: name,
    kind: 'automated',
    message,
    ...(to ? { to } : {}),
  };
}
