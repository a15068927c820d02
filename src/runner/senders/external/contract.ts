// The contract between bouncelab and a sender that is not its own: what the module is given, what it
// is told, and what it may report. Everything here is for people who write such a module.

import type net from 'node:net';
import type { ContactStatus, Outcome, Reply, Stage } from '../../../events/types.js';
import type { RetryPolicy } from '../../../policy/retry-policy.js';

/**
 * A module is a file that exports this as `createSender`. It is called once for each scenario, with
 * virtual time already in force: `Date`, `setTimeout` and `setInterval` of the thread are virtual, and
 * so are those of node:timers.
 */
export type CreateSender = (ports: SenderPorts) => ExternalSender | Promise<ExternalSender>;

/** What a module is given. It must reach the network by these ports only. */
export interface SenderPorts {
  /** Opens a connection to an address of the fleet; it emits `connect` or `error` as a net.Socket does. */
  dial(address: string, port?: number): net.Socket;
  /**
   * The same for nodemailer: give it to `createTransport` as `getSocket`. `host` may be a name; an MX is
   * not looked up.
   */
  getSocket(
    options: { host?: string; port?: number | string },
    callback: (error: Error | null, result?: { connection: net.Socket }) => void,
  ): void;
  /** MX hosts of a domain; rejects with the codes of node:dns. */
  resolveMx(domain: string): Promise<{ exchange: string; preference: number }[]>;
  /** Addresses of a host. */
  resolve4(name: string): Promise<string[]>;
  /** The retry policy of the scenario, durations in ms. */
  policy: RetryPolicy;
  report: SenderReports;
  /**
   * Keeps virtual time still while the module waits for something that is not virtual, such as a file.
   *
   * @param what it waits for, for people
   * @returns release
   */
  hold(what: string): () => void;
}

/** What a module may report; the response and the statuses of a run are made of it. */
export interface SenderReports {
  /** An attempt that has ended. @param startedAt of `Date.now()` when it began */
  attempt(mailing: string, address: string, attempt: ReportedAttempt): void;
  /** How a delivery ended. */
  delivered(mailing: string, address: string): void;
  bounced(mailing: string, address: string, kind: 'soft' | 'hard'): void;
  withdrawn(mailing: string, address: string): void;
  /** The module changed the status or the streak of a contact. */
  status(address: string, status: ContactStatus): void;
  streak(address: string, softBounces: number): void;
}

export interface ReportedAttempt {
  startedAt: number;
  outcome: Outcome;
  stage: Stage;
  reply?: Reply;
}

/** What a module does. */
export interface ExternalSender {
  /** A mailing goes out now. It may return a promise that resolves when all of it is over. */
  send(mailing: ExternalMailing): void | Promise<void>;
  /** What people do in the meantime; what a module does not have, it is not told. */
  addContact?(contact: ExternalContact): void;
  optOut?(address: string): void;
  reactivate?(address: string): void;
  subscribe?(address: string): void;
}

export interface ExternalContact {
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}

interface ExternalMailing {
  name: string;
  subject: string;
  text: string;
  /** Every contact that was chosen, also those that must not be mailed: to see that is its work. */
  contacts: ExternalContact[];
}
