// The contract between Bouncelab and an external sender: what the module receives, which of its functions are
// called, and what it may report. Written for authors of such a module.

import type net from 'node:net';
import type { ContactStatus, Outcome, Reply, Stage } from '../../../events/types.js';
import type { RetryPolicy } from '../../../policy/retry-policy.js';

/**
 * The export `createSender` of a module. It is called once for each scenario, with virtual time already
 * installed: `Date`, `setTimeout` and `setInterval` of the thread are virtual, and
 * so are those of node:timers.
 */
export type CreateSender = (ports: SenderPorts) => ExternalSender | Promise<ExternalSender>;

/** What the module exports. */
export interface SenderModule {
  createSender: CreateSender;
}

/** What a module receives. It must use the network through these ports only. */
export interface SenderPorts {
  /** Opens a connection to an address of the fleet; it emits `connect` or `error` as a net.Socket does. */
  dial: (address: string, port?: number) => net.Socket;
  /**
   * The same for nodemailer: give it to `createTransport` as `getSocket`. `host` may be a name; an MX is
   * not looked up.
   */
  getSocket: (
    options: { host?: string; port?: number | string },
    callback: (error: Error | null, result?: { connection: net.Socket }) => void,
  ) => void;
  /** MX hosts of a domain; rejects with the codes of node:dns. */
  resolveMx: (domain: string) => Promise<{ exchange: string; preference: number }[]>;
  /** IPv4 addresses of a host. */
  resolve4: (name: string) => Promise<string[]>;
  /** IPv6 addresses of a host. `dial` opens connections to them too. */
  resolve6: (name: string) => Promise<string[]>;
  /** The retry policy of the scenario, durations in ms. */
  policy: RetryPolicy;
  report: SenderReports;
  /**
   * Stops virtual time while the module waits for something outside it, such as a file.
   *
   * @param what it waits for, for the message of a deadlock
   * @returns release
   */
  hold: (what: string) => () => void;
}

/** What a module may report; the response and the contact statuses of a run are computed from it. */
export interface SenderReports {
  /** An attempt that has ended. */
  attempt: (mailing: string, address: string, attempt: ReportedAttempt) => void;
  /** How a delivery ended. */
  delivered: (mailing: string, address: string) => void;
  bounced: (mailing: string, address: string, kind: 'soft' | 'hard') => void;
  withdrawn: (mailing: string, address: string) => void;
  /** The module changed the status or the streak of a contact. */
  status: (address: string, status: ContactStatus) => void;
  streak: (address: string, softBounces: number) => void;
}

/** One attempt, for `report.attempt`. */
export interface ReportedAttempt {
  /** `Date.now()` when the attempt began, ms. */
  startedAt: number;
  outcome: Outcome;
  stage: Stage;
  reply?: Reply;
}

/** What `createSender` returns. */
export interface ExternalSender {
  /** Sends a mailing. It may return a promise that resolves when all deliveries have ended. */
  send(mailing: ExternalMailing): void | Promise<void>;
  /** Changes of contacts during the run; functions that are absent are not called. */
  addContact?(contact: ExternalContact): void;
  optOut?(address: string): void;
  reactivate?(address: string): void;
  subscribe?(address: string): void;
}

/** A contact as the scenario has it at this time. */
export interface ExternalContact {
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}

/** What `send` receives. */
export interface ExternalMailing {
  name: string;
  subject: string;
  text: string;
  /** Every contact that was selected, also those that must not be mailed: the module must skip them. */
  contacts: ExternalContact[];
}
