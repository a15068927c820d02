// Lets an external module send in a run: gives it contacts and mailings, and turns its reports into events.

import type net from 'node:net';
import { addressKey, asWritten, domainOf, keyPattern } from '../../../base/addresses.js';
import { setRealTimeout } from '../../../clock/system.js';
import type { VirtualClock } from '../../../clock/virtual.js';
import type { Emit, TerminalState } from '../../../events/types.js';
import type { Resolver } from '../../../sender/ports.js';
import type { RetryPolicy } from '../../../policy/retry-policy.js';
import { chooser } from '../../../sender/model/selection.js';
import type { ContactPlan, MailingPlan } from '../../../scenarios/plan.js';
import type { SenderFault } from '../../../judge/fault.js';
import type { SenderEvent, RunSender } from '../run-sender.js';
import type {
  ExternalContact,
  ExternalSender,
  ReportedAttempt,
  SenderPorts,
  SenderReports,
} from './contract.js';
import type { Guard } from './guard.js';
import { loadSender } from './load.js';
import { ModuleLoader } from './module.js';
import { withConnectTimeout } from './connect-timeout.js';
import { checkedReports } from './reports.js';
import { describeThrown } from './thrown.js';

interface ExternalSenderOptions {
  /** Absolute path of the module. */
  file: string;
  /** The path of the module as it was given. */
  name: string;
  clock: VirtualClock;
  emit: Emit;
  resolver: Required<Resolver>;
  dial: (address: string, port: number) => net.Socket;
  policy: RetryPolicy;
  /** Installed before the module is loaded. */
  guard: Guard;
  /** Real ms that loading may take. */
  wallLimitMs: number | undefined;
}

interface MailingRecord {
  /** Attempts reported of each delivery in progress. */
  open: Map<string, number>;
  attempts: Map<string, number>;
}

const SMTP_PORT = 25;

/** Real time that a module may take to load, ms. */
const LOAD_LIMIT_MS = 10_000;

export class ExternalSenderHost implements RunSender {
  private readonly contacts = new Map<string, ExternalContact>();
  private readonly mailings = new Map<string, MailingRecord>();
  private sender: ExternalSender | undefined;
  private readonly pending = new Set<string>();
  private failure: { what: string; error: unknown } | undefined;
  private readonly onUncaught = (error: unknown): void => this.failed('it failed', error);

  private readonly loader: ModuleLoader;

  constructor(private readonly options: ExternalSenderOptions) {
    this.loader = new ModuleLoader(options.file);
  }

  /** Loads the module. An error that it throws is kept and returned by `fault`. */
  async start(): Promise<void> {
    process.on('uncaughtException', this.onUncaught);
    process.on('unhandledRejection', this.onUncaught);
    try {
      this.sender = await this.inTime(loadSender(this.loader, this.ports()));
    } catch (error) {
      this.failed('it cannot be loaded', error);
    }
  }

  close(): void {
    process.removeListener('uncaughtException', this.onUncaught);
    process.removeListener('unhandledRejection', this.onUncaught);
  }

  fault(): SenderFault | undefined {
    const { tried } = this.options.guard;
    if (tried !== undefined) return { message: tried, details: [] };
    if (!this.failure) return undefined;
    const { what, error } = this.failure;
    const { message, places } = describeThrown(error, this.loader);
    const hint = 'the error is in a module that it imports; `node --check FILE` shows where';
    return {
      message: `${what}: ${message}`,
      details: places,
      ...(error instanceof SyntaxError && places.length === 0 ? { hint } : {}),
    };
  }

  threw(error: unknown): boolean {
    this.failed('it failed', error);
    return true;
  }

  /** Calls of the module that have not ended: it waits for something outside virtual time. */
  waiting(): string[] {
    return [...this.pending].map(
      (what) =>
        `${what} of the sender ${this.options.name} has not ended; a real timer, a file or a lost promise cannot be waited for`,
    );
  }

  addContacts(contacts: readonly ContactPlan[]): void {
    for (const contact of contacts) this.addContact(contact);
  }

  private addContact(contact: ExternalContact): void {
    const key = addressKey(contact.address);
    if (this.contacts.has(key)) return;
    this.contacts.set(key, { ...contact });
    const { status, softBounceStreak } = contact;
    this.options.emit({
      type: 'contact.added',
      address: key,
      ...asWritten(contact.address),
      status,
      softBounceStreak,
    });
    this.call(`addContact(${key})`, () => this.sender?.addContact?.({ ...contact }));
  }

  send({ name, kind, message, to, buildingMs }: MailingPlan): void {
    this.options.emit({ type: 'mailing.building', mailing: name, kind });
    this.options.clock.after(buildingMs, () => {
      const chooses = to ? chooser(to) : () => true;
      const chosen = [...this.contacts].filter(([key]) => chooses({ key, domain: domainOf(key) }));
      const recipients = chosen.filter(([, { status }]) => status === 'active').map(([key]) => key);
      this.mailings.set(name, { open: new Map(recipients.map((key) => [key, 0])), attempts: new Map() });
      this.options.emit({ type: 'mailing.started', mailing: name, recipients: recipients.length });
      for (const address of recipients)
        this.options.emit({ type: 'delivery.queued', mailing: name, address });
      this.completeWhenEmpty(name);
      const contacts = chosen.map(([, contact]) => ({ ...contact }));
      const { subject, text } = message;
      this.call(`send(${name})`, () => this.sender?.send({ name, subject, text, contacts }));
    });
  }

  /** Applies a change of a contact and calls the module's function for it. */
  apply(event: SenderEvent): void {
    // Refused when the file was loaded: a module has no store from which it could restart.
    if (event.action === 'crash') return;
    const { address, action } = event;
    if (action === 'reactivate' && address.includes('*')) {
      const isMeant = keyPattern(address);
      const meant = [...this.contacts].filter(([key, { status }]) => status === 'error' && isMeant(key));
      for (const [key] of meant) this.apply({ ...event, address: key });
      return;
    }
    const key = addressKey(address);
    const contact = this.contacts.get(key);
    if (action === 'add' || (action === 'subscribe' && !contact))
      return this.addContact({ address, status: 'active', softBounceStreak: 0 });
    if (!contact) return;
    if (action === 'opt-out') {
      this.setStatus(key, 'opt-out', 'opt-out');
      return this.call(`optOut(${key})`, () => this.sender?.optOut?.(address));
    }
    // An opt-out contact cannot be re-activated (rule 9): the module is not called.
    if (action === 'reactivate' && contact.status !== 'error') return;
    this.setStatus(key, 'active', action);
    this.setStreak(key, 0);
    this.call(`${action}(${key})`, () => this.sender?.[action]?.(address));
  }

  private ports(): SenderPorts {
    const { clock, resolver, policy } = this.options;
    const dial = (address: string, port = SMTP_PORT): net.Socket =>
      withConnectTimeout(clock, this.options.dial(address, port), `${address}:${port}`);
    return {
      dial,
      getSocket: ({ host = '', port }, callback) => {
        resolver
          .resolve4(host)
          .catch(() => resolver.resolve6(host))
          .catch(() => [host])
          .then(([address = host]) => {
            const socket = dial(address, Number(port ?? SMTP_PORT));
            const failed = (error: Error): void => callback(error);
            socket.once('error', failed);
            socket.once('connect', () => {
              socket.removeListener('error', failed);
              callback(null, { connection: socket });
            });
          })
          .catch((error: unknown) => callback(error instanceof Error ? error : new Error(String(error))));
      },
      resolveMx: (domain) => resolver.resolveMx(domain),
      resolve4: (name) => resolver.resolve4(name),
      resolve6: (name) => resolver.resolve6(name),
      policy,
      report: this.reports(),
      hold: (what) => clock.hold(what),
    };
  }

  private reports(): SenderReports {
    const reports: SenderReports = {
      attempt: (mailing, address, attempt) => this.attempted(mailing, address, attempt),
      delivered: (mailing, address) => this.ended(mailing, address, 'delivered'),
      bounced: (mailing, address, kind) => this.ended(mailing, address, `${kind}-bounced`),
      withdrawn: (mailing, address) => this.ended(mailing, address, 'withdrawn'),
      status: (address, status) => this.setStatus(addressKey(address), status, 'hard-bounce'),
      streak: (address, softBounces) => this.setStreak(addressKey(address), softBounces),
    };
    return checkedReports(
      reports,
      (mailing) => this.mailings.has(mailing),
      (error) => this.failed('it reported what cannot be', error),
    );
  }

  private attempted(mailing: string, address: string, attempt: ReportedAttempt): void {
    const { startedAt, outcome, stage, reply } = attempt;
    const { clock, emit } = this.options;
    const key = addressKey(address);
    const { attempts } = this.mailings.get(mailing)!;
    const n = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, n);
    const domain = domainOf(key);
    const began = startedAt - (clock.date().getTime() - clock.now());
    const replied = reply ? { reply } : {};
    const about = { mailing, address: key, n, startedAt: began, domain };
    emit({ type: 'attempt', ...about, stage, outcome, cause: 'other', ...replied });
  }

  private ended(mailing: string, address: string, state: TerminalState): void {
    const key = addressKey(address);
    const record = this.mailings.get(mailing);
    // A delivery that was not queued, or has ended already, breaks an invariant and fails there.
    this.options.emit({
      type: 'delivery.ended',
      mailing,
      address: key,
      state,
      why: 'reported by the sender',
    });
    if (record?.open.delete(key)) this.completeWhenEmpty(mailing);
  }

  private completeWhenEmpty(mailing: string): void {
    if (this.mailings.get(mailing)?.open.size === 0)
      this.options.emit({ type: 'mailing.completed', mailing });
  }

  private setStatus(
    key: string,
    to: ExternalContact['status'],
    why: 'hard-bounce' | 'opt-out' | 'reactivate' | 'subscribe',
  ): void {
    const contact = this.contacts.get(key);
    if (!contact || contact.status === to) return;
    const from = contact.status;
    contact.status = to;
    const by = why === 'hard-bounce' ? 'sender' : 'scenario';
    this.options.emit({ type: 'contact.status', address: key, from, to, why, by });
  }

  private setStreak(key: string, to: number): void {
    const contact = this.contacts.get(key);
    if (!contact || contact.softBounceStreak === to) return;
    const from = contact.softBounceStreak;
    contact.softBounceStreak = to;
    this.options.emit({ type: 'contact.streak', address: key, from, to });
  }

  /** Calls the module. An error is its fault; a call that never ends is listed by `waiting`. */
  private call(what: string, act: () => void | Promise<void>): void {
    if (this.fault()) return;
    this.pending.add(what);
    try {
      Promise.resolve(act()).then(
        () => this.pending.delete(what),
        (error: unknown) => this.failed(`${what} failed`, error),
      );
    } catch (error) {
      this.failed(`${what} failed`, error);
    }
  }

  /** Limits loading in real time: a module may never finish it. */
  private inTime<T>(work: Promise<T>): Promise<T> {
    const limitMs = Math.min(this.options.wallLimitMs ?? LOAD_LIMIT_MS, LOAD_LIMIT_MS);
    return new Promise((resolve, reject) => {
      const cancel = setRealTimeout(() => reject(new Error('loading it does not come to an end')), limitMs);
      void work.then(resolve, reject).finally(cancel);
    });
  }

  private failed(what: string, error: unknown): void {
    this.failure ??= { what, error };
  }
}
