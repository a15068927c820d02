// The sender as a library: the ports that are not given are the system's, and everything that one
// sender sets going can be stopped. See docs/library.md.

import { randomBytes } from 'node:crypto';
import { systemClock } from '../clock/system.js';
import { BouncelabError } from '../base/errors.js';
import type { ContactStatus, Fact, RunEvent } from '../events/types.js';
import { seededRandom } from '../base/random.js';
import { loadPolicy, unknownPolicy } from '../policy/policy-file.js';
import { isAddress } from '../base/schema-fields.js';
import { MAILING_NAME_LENGTH_MAX } from './bounce/return-path.js';
import type { NewContact } from './model/contact.js';
import type { DkimKey } from './message/dkim.js';
import type { DestinationLimits } from './destination/destination.js';
import type { MailingFigures } from './figures.js';
import { Lifespan } from './lifespan.js';
import type { Message } from './model/mailing.js';
import type { Clock, Dialer, Inlet, Random, Resolver } from './ports.js';
import type { RetryPolicy } from '../policy/retry-policy.js';
import { Sender } from './sender.js';
import type { Selection } from './model/selection.js';
import type { Timeouts } from './smtp/timeouts.js';
import type { StatusRecord, Store } from './store/store.js';
import { systemDialer } from './system/dialer.js';
import { systemResolver } from './system/resolver.js';

export interface CreateSenderOptions {
  /** Default: real time. */
  clock?: Clock;
  /** Default: DNS of the system. */
  resolver?: Resolver;
  /** Default: TCP of the system. */
  dialer?: Dialer;
  /** Where bounce messages come in. Default: none are taken. */
  inlet?: Inlet;
  /** Keeps everything that must outlive this process. Default: nothing is kept. */
  store?: Store;
  /** Default: seeded by chance once for each store, so that a restart draws the same. */
  random?: Random;
  /** A policy, the name of a shipped one, or the path of a policy file. Default: `emma`. */
  policy?: RetryPolicy | string;
  /** `From:` of the messages. */
  from?: string;
  /**
   * `List-Unsubscribe:` of the messages: a mailto: or https: address in which `{{email}}` is the contact.
   * With https: it takes one click (RFC 8058). Default: none.
   */
  listUnsubscribe?: string;
  /** Signs the messages (RFC 6376). Default: they are not signed. */
  dkim?: DkimKey;
  /** Domain of the return path; bounce messages go there. */
  returnPathDomain?: string;
  /** What return paths are signed with. Default: drawn from `random`. */
  returnPathSecret?: string;
  /** Name for EHLO. */
  clientName?: string;
  limits?: Partial<DestinationLimits>;
  /** How long each stage of a dialogue is waited for, ms. */
  timeouts?: Partial<Timeouts>;
  /** Told everything that happens, numbered from 0; `t` is ms since this sender was made. */
  onEvent?: (event: RunEvent) => void;
  /**
   * Told when the store has failed. All connections are cut by then and nothing is done any more.
   * Default: it is thrown where nobody catches it, which ends the process.
   */
  onFailure?: (error: Error) => void;
}

export interface MailingOrder {
  /** Small letters, digits and hyphens, at most 28: it becomes part of the return path. */
  name: string;
  message: Partial<Message> & Pick<Message, 'subject' | 'text'>;
  /** Which of the active contacts; default: all of them. */
  to?: Selection;
  /** How long it is `building`, ms; the recipients are chosen at the end of it. Default: 0. */
  buildingMs?: number;
}

export interface ContactLine {
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}

/** Who waits for a mailing. */
interface Waiting {
  resolve: () => void;
  reject: (why: Error) => void;
}

/** How long `stop` lets attempts that are running go on, and waits for replies to QUIT, ms. */
const STOP_WITHIN_MS = 30_000;

/**
 * Makes a sender. On a store with something in it, it goes on with that at once.
 *
 * @throws BouncelabError E_USAGE for a policy that does not exist or is not valid, a DKIM key that cannot
 *   sign and an address that cannot stand in List-Unsubscribe; E_STORE_... when the store cannot be read
 */
export function createSender(options: CreateSenderOptions = {}): BulkSender {
  return new BulkSender(options);
}

export class BulkSender {
  private readonly life = new Lifespan();
  private readonly clock: Clock;
  private readonly sender: Sender;
  /** Who wants to know when a mailing is completed. */
  private readonly waitingFor = new Map<string, Waiting[]>();
  private stopping: Promise<void> | undefined;
  private hasFailed = false;
  /** Why nothing is done any more. */
  private over: Error | undefined;

  constructor(private readonly options: CreateSenderOptions) {
    const { life } = this;
    const { clock = systemClock(), dialer = systemDialer(), resolver = systemResolver() } = options;
    const { store, inlet, policy = 'emma', onEvent, onFailure } = options;
    this.clock = clock;
    const tell = numbered(clock, onEvent);
    const random = options.random ?? seededRandom(seedOf(store));
    this.sender = new Sender({
      ...options,
      clock: life.clock(clock),
      dialer: life.dialer(dialer),
      resolver,
      random,
      policy: typeof policy === 'string' ? policyNamed(policy) : policy,
      emit: life.emit((fact) => {
        tell(fact);
        this.heard(fact);
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
   * @returns false when there is one with this address already, which stays as it is
   * @throws BouncelabError E_USAGE for what is no address
   */
  addContact(contact: NewContact): boolean {
    if (!isAddress(contact.address)) {
      throw new BouncelabError('E_USAGE', `\`${contact.address}\` is not an address`, {
        hint: 'An address is such as bob@example.org, without spaces or angle brackets.',
      });
    }
    return this.sender.addContact(contact);
  }

  /**
   * Sends a mailing, once: after a restart the same call finds it in the store and changes nothing.
   *
   * @returns false when there is a mailing of this name already
   * @throws BouncelabError E_USAGE for a name that cannot be one
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

  /** The contact wants no more mail: what is in progress for it is withdrawn. @param by who says so */
  optOut(address: string, by = 'contact'): void {
    this.sender.optOut(address, by);
  }

  /** The contact asks for mail: new, or again after an opt-out. */
  subscribe(address: string): void {
    this.sender.subscribe(address);
  }

  /**
   * Makes contacts in `error` active again. Those that opted out stay so: only they can come back.
   *
   * @param who one address, or which of all contacts
   * @returns how many there were
   */
  reactivate(who: string | Selection, { by, reason }: { by: string; reason: string }): number {
    return this.sender.reactivate(typeof who === 'string' ? { addresses: [who] } : who, by, reason);
  }

  /** The audience, in the order in which it was added. */
  *contacts(): Iterable<ContactLine> {
    for (const { address, status, softBounceStreak } of this.sender.contacts.all())
      yield { address, status, softBounceStreak };
  }

  /** Changes of status, oldest first: who, when and why. Empty without a store. */
  journal(address?: string): Iterable<StatusRecord> {
    return this.options.store?.statuses(address) ?? [];
  }

  /**
   * The figures of a mailing; they are counted for each call.
   *
   * @returns undefined when there is no mailing of this name
   */
  response(name: string): MailingFigures | undefined {
    return this.sender.response(name);
  }

  /**
   * @returns the figures of a mailing once nothing of it is in progress any more; at once when that
   *   is so already
   * @throws BouncelabError E_USAGE when there is no mailing of this name, E_STOPPED when this sender was
   *   stopped before, E_STORE_... when its store has failed before
   */
  async completed(name: string): Promise<MailingFigures> {
    const now = this.sender.response(name);
    if (!now) {
      throw new BouncelabError('E_USAGE', `there is no mailing \`${name}\``, { hint: 'Send it first.' });
    }
    if (now.state !== 'completed') await this.completion(name);
    return this.sender.response(name)!;
  }

  /** What each delivery in progress waits for, for people. */
  waiting(): string[] {
    return this.sender.waiting();
  }

  /**
   * Stops: no attempt is begun any more, those that are running are let finish, connections end with
   * QUIT, and the store is closed. What is left is in the store and goes on with the next sender.
   *
   * @param withinMs after this the connections that are left are cut, as in a crash
   * @throws BouncelabError E_STORE_... when the store cannot be closed, and has not failed before
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

  private heard(fact: Fact): void {
    if (fact.type !== 'mailing.completed') return;
    for (const { resolve } of this.waitingFor.get(fact.mailing) ?? []) resolve();
    this.waitingFor.delete(fact.mailing);
  }

  /** Nothing is done any more. @param why for who waits for something */
  private end(why: Error): void {
    this.life.end();
    this.over ??= why;
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
    // One whose store has failed has been cut off from everything by then.
    if (!this.hasFailed) await this.drained(withinMs);
    this.end(
      new BouncelabError('E_STOPPED', 'the sender was stopped before the mailing was completed', {
        hint: 'What is left of it goes on with the next sender on the same store: ask that one.',
      }),
    );
    try {
      this.options.store?.close();
    } catch (error) {
      // Why a store that has failed cannot be closed either has been told.
      if (!this.hasFailed) throw error;
    }
  }
}

/** The seed that belongs to a store, or one that is used once. */
function seedOf(store: Store | undefined): string {
  const fresh = (): string => randomBytes(16).toString('hex');
  return store ? store.seed(fresh) : fresh();
}

function policyNamed(name: string): RetryPolicy {
  const cwd = process.cwd();
  const loaded = loadPolicy(name, cwd, cwd);
  if (!loaded) {
    const { message, hint } = unknownPolicy(name);
    throw new BouncelabError('E_USAGE', message, { hint });
  }
  if ('policy' in loaded) return loaded.policy;
  const [{ message, hint, location }] = loaded.problems as [(typeof loaded.problems)[number]];
  throw new BouncelabError('E_USAGE', `${location.file}:${location.line}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    location,
  });
}

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
