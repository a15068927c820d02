// The sender that a program holds: it checks what the program passes in, resolves `completed`, and can be
// stopped with everything that it has started.

import { addressFault, isAddress } from '../base/addresses.js';
import { shortened } from '../base/domain-names.js';
import { BouncelabError } from '../base/errors.js';
import type { ContactStatus, Fact, RunEvent } from '../events/types.js';
import { MAILING_NAME_LENGTH_MAX } from './bounce/return-path.js';
import type { MailingFigures } from './figures.js';
import { Lifespan } from './lifespan.js';
import type { NewContact } from './model/contact.js';
import type { Message } from './model/mailing.js';
import type { Selection } from './model/selection.js';
import type { Clock } from './ports.js';
import { Sender, type SenderOptions } from './sender.js';
import type { StatusRecord } from './store/store.js';

interface BulkSenderOptions extends Omit<SenderOptions, 'emit'> {
  /** Called with every event. `seq` counts from 0; `t` is ms since this sender was made. */
  onEvent?: (event: RunEvent) => void;
}

export interface MailingOrder {
  /** Small letters, digits and hyphens, at most 28: it becomes part of the return path. */
  name: string;
  message: Partial<Message> & Pick<Message, 'subject' | 'text'>;
  /** Which of the active contacts; default: all of them. */
  to?: Selection;
  /** How long the mailing is `building`, ms; its recipients are chosen at the end of that. Default: 0. */
  buildingMs?: number;
}

export interface ContactSummary {
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}

/** A call of `completed` that is not settled yet. */
interface Waiting {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Time that `stop` gives to running attempts and to the replies to QUIT, ms. */
const STOP_WITHIN_MS = 30_000;

/** Made by `createSender`. */
export class BulkSender {
  private readonly life = new Lifespan();
  private readonly clock: Clock;
  private readonly sender: Sender;
  /** Calls of `completed` by name of the mailing. */
  private readonly waitingFor = new Map<string, Waiting[]>();
  private stopping: Promise<void> | undefined;
  private hasFailed = false;
  /** Why this sender has ended. */
  private over: Error | undefined;

  constructor(private readonly options: BulkSenderOptions) {
    const { life } = this;
    const { clock, dialer, store, inlet, onEvent, onFailure } = options;
    this.clock = clock;
    const report = numbered(clock, onEvent);
    this.sender = new Sender({
      ...options,
      clock: life.clock(clock),
      dialer: life.dialer(dialer),
      emit: life.emit((fact) => {
        report(fact);
        this.onFact(fact);
      }),
      ...(store ? { store: life.store(store) } : {}),
      ...(inlet ? { inlet: life.inlet(inlet) } : {}),
      onFailure: (error) => {
        this.hasFailed = true;
        this.end(error);
        if (onFailure) onFailure(error);
        else throwUncaught(clock, error);
      },
    });
  }

  /**
   * Adds a contact to the audience.
   *
   * @returns false when the audience has a contact with this address, in any spelling; that contact is not changed
   * @throws BouncelabError E_USAGE for an address that is not valid
   */
  addContact(contact: NewContact): boolean {
    if (!isAddress(contact.address)) {
      const fault = addressFault(contact.address);
      const why = fault ? `: ${fault.message}` : '';
      throw new BouncelabError('E_USAGE', `\`${shortened(contact.address)}\` is not an address${why}`, {
        hint: fault?.hint ?? 'Write it like bob@example.org, without spaces or angle brackets.',
      });
    }
    return this.sender.addContact(contact);
  }

  /**
   * Sends a mailing once: after a restart the same call finds it in the store and changes nothing.
   *
   * @returns false when a mailing of this name exists
   * @throws BouncelabError E_USAGE for a name that is not valid
   */
  send({ name, message, to, buildingMs = 0 }: MailingOrder): boolean {
    if (!/^[a-z0-9-]+$/.test(name) || name.length > MAILING_NAME_LENGTH_MAX) {
      throw new BouncelabError('E_USAGE', `\`${name}\` cannot be the name of a mailing`, {
        hint: `Use at most ${MAILING_NAME_LENGTH_MAX} small letters, digits and hyphens: it becomes part of the return path.`,
      });
    }
    if (this.sender.mailing(name)) return false;
    const order = { name, kind: 'standard' as const, message: { sizeBytes: 0, ...message } };
    this.sender.send({ ...order, ...(to ? { to } : {}) }, buildingMs);
    return true;
  }

  /** Opts a contact out and withdraws its deliveries in progress. @param by who asked for it */
  optOut(address: string, by = 'contact'): void {
    this.sender.optOut(address, by);
  }

  /** The contact asks for mail: for the first time, or again after an opt-out. */
  subscribe(address: string): void {
    this.sender.subscribe(address);
  }

  /**
   * Makes contacts in `error` active again. Contacts in `opt-out` stay there: only `subscribe` ends an opt-out.
   *
   * @param who one address, or a selection of contacts
   * @returns how many contacts became active
   */
  reactivate(who: string | Selection, { by, reason }: { by: string; reason: string }): number {
    return this.sender.reactivate(typeof who === 'string' ? { addresses: [who] } : who, by, reason);
  }

  /** The audience, in the order in which it was added. */
  *contacts(): Iterable<ContactSummary> {
    for (const { address, status, softBounceStreak } of this.sender.contacts.all())
      yield { address, status, softBounceStreak };
  }

  /** Changes of status, oldest first: who, when and why. Empty without a store. */
  journal(address?: string): Iterable<StatusRecord> {
    return this.options.store?.statuses(address) ?? [];
  }

  /**
   * The figures of a mailing, counted anew for each call.
   *
   * @returns undefined when there is no mailing of this name
   */
  response(name: string): MailingFigures | undefined {
    return this.sender.response(name);
  }

  /**
   * Waits until no delivery of a mailing is in progress.
   *
   * @returns the figures of the completed mailing
   * @throws BouncelabError E_USAGE when there is no mailing of this name, E_STOPPED when this sender stops
   *   first, E_STORE_... when its store fails first
   */
  async completed(name: string): Promise<MailingFigures> {
    const now = this.sender.response(name);
    if (!now) {
      throw new BouncelabError('E_USAGE', `there is no mailing \`${name}\``, { hint: 'Send it first.' });
    }
    if (now.state !== 'completed') await this.completion(name);
    return this.sender.response(name)!;
  }

  /** One line of text for each delivery in progress: what it waits for. */
  waiting(): string[] {
    return this.sender.waiting();
  }

  /**
   * Stops the sender: begins no attempt, lets running attempts finish, ends connections with QUIT and
   * closes the store. The next sender on the store resumes the deliveries in progress.
   *
   * @param withinMs connections that are still open after this time are cut, as in a crash
   * @throws BouncelabError E_STORE_... when the store cannot be closed and has not failed before
   */
  stop(withinMs = STOP_WITHIN_MS): Promise<void> {
    this.stopping ??= this.drain(withinMs);
    return this.stopping;
  }

  private completion(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.over) return reject(this.over);
      const waiting = this.waitingFor.get(name);
      if (waiting) waiting.push({ resolve, reject });
      else this.waitingFor.set(name, [{ resolve, reject }]);
    });
  }

  private onFact(fact: Fact): void {
    if (fact.type !== 'mailing.completed') return;
    for (const { resolve } of this.waitingFor.get(fact.mailing) ?? []) resolve();
    this.waitingFor.delete(fact.mailing);
  }

  /** Ends everything this sender has started. @param error for the calls of `completed` that wait */
  private end(error: Error): void {
    this.life.end();
    this.over ??= error;
    for (const waiting of this.waitingFor.values()) for (const { reject } of waiting) reject(this.over);
    this.waitingFor.clear();
  }

  private drained(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.clock.after(withinMs, resolve);
      void this.sender.drained().then(() => {
        limit.cancel();
        resolve();
      });
    });
  }

  private async drain(withinMs: number): Promise<void> {
    this.sender.close();
    // After a failure of the store every connection is cut already.
    if (!this.hasFailed) await this.drained(withinMs);
    this.end(
      new BouncelabError('E_STOPPED', 'the sender was stopped before the mailing was completed', {
        hint: 'The next sender on the same store resumes the mailing: wait for its `completed`.',
      }),
    );
    try {
      this.options.store?.close();
    } catch (error) {
      // A store that has failed was reported to onFailure; its close() may fail for the same reason.
      if (!this.hasFailed) throw error;
    }
  }
}

/** Makes events of facts. */
function numbered(clock: Clock, onEvent: ((event: RunEvent) => void) | undefined): (fact: Fact) => void {
  let seq = 0;
  const since = clock.now();
  return (fact) => onEvent?.({ seq: seq++, t: Math.round(clock.now() - since), ...fact });
}

function throwUncaught(clock: Clock, error: Error): void {
  clock.after(0, () => {
    throw error;
  });
}
