// Automated mailings: an order that begins mailings when contacts are added, or at regular intervals.
// Each occurrence is a mailing with its own recipients, response and end, and counts like any other for
// the streaks of its contacts (rule 8).

import type { Changes } from './changes.js';
import type { Contact } from './model/contact.js';
import type { Mailing, Message, NewMailing } from './model/mailing.js';
import type { Clock } from './ports.js';
import { chooser, type Selection } from './model/selection.js';

/** What begins an occurrence. Times in ms. */
export type Trigger =
  /** A new contact. Contacts that are added while an occurrence is `building` join it. */
  | { on: 'contact-added' }
  /** The first occurrence begins at `startsAt`, then one follows every `everyMs`; `count` in all. */
  | { everyMs: number; count: number };

export interface NewAutomation {
  /** Name of the series; its occurrences are called `NAME-1`, `NAME-2`, and so on. */
  name: string;
  trigger: Trigger;
  message: Message;
  /** Which of the active contacts; absent: all of them. */
  to?: Selection;
  /** How long each occurrence is `building`, ms. */
  buildingMs: number;
  /** When the order takes effect, ms on the sender's clock. */
  startsAt: number;
}

interface AutomationsOptions {
  clock: Clock;
  changes: Changes;
  /** All mailings of the sender, including those restored from its store. */
  mailings: ReadonlyMap<string, Mailing>;
  /** Begins a mailing as part of the current change. */
  begin: (order: NewMailing, buildingMs: number) => void;
}

/** @param n number of the occurrence, from 1 */
function occurrenceName(series: string, n: number): string {
  return `${series}-${n}`;
}

export class Automations {
  private readonly onAdded: Welcome[] = [];

  constructor(private readonly options: AutomationsOptions) {}

  /**
   * Adds an order. After a restart the caller adds it again: occurrences in the store are recognized by
   * their names, and an occurrence whose time has passed begins at once.
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

  /** Called for each new contact, within the change that adds it. */
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

/** An order whose occurrences begin when contacts are added. */
class Welcome {
  private readonly isSelected: (contact: Contact) => boolean;
  /** Number of the latest occurrence; 0 before the first. */
  private count = 0;

  constructor(
    private readonly order: NewAutomation,
    private readonly options: AutomationsOptions,
  ) {
    this.isSelected = chooser(order.to);
    while (options.mailings.has(occurrenceName(order.name, this.count + 1))) this.count++;
  }

  added(contact: Contact): void {
    const { clock, changes, mailings, begin } = this.options;
    if (clock.now() < this.order.startsAt || contact.status !== 'active' || !this.isSelected(contact)) return;
    const building = mailings.get(occurrenceName(this.order.name, this.count));
    if (building?.state === 'building') {
      building.join(contact.key, changes);
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
