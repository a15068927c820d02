// The port between a destination and the hosts it sends to: connections, and mail transactions over
// them. `smtp/session.ts` implements it with SMTP over sockets. An implementation without bytes asks the
// host for its decisions; it renders a message only where the host looks at it.

import type { Outcome, Reply, Stage } from '../events/types.js';

/** Makes connections to hosts. */
export interface Transport {
  /** A connection that is not open yet: `connect` opens it. */
  connection(to: HostAddress, owner: ConnectionOwner): Connection;
}

/** One address of one host. */
export interface HostAddress {
  host: string;
  address: string;
  port: number;
}

/**
 * `connecting` until EHLO has been accepted; then `idle`, `busy` during a transaction, `closing` from QUIT
 * or a failure on, and `closed`.
 */
export type ConnectionState = 'connecting' | 'idle' | 'busy' | 'closing' | 'closed';

/** A connection to one host, which carries one transaction after the other. */
export interface Connection {
  readonly to: HostAddress;
  readonly state: ConnectionState;
  /** Transactions begun on this connection. */
  readonly transactions: number;
  /** What it waits for, for messages to people. */
  readonly waitsFor: string;

  /**
   * Opens the connection, up to a usable EHLO.
   *
   * @param done called once: without a result when the connection is open, else with the reason
   */
  connect(done: (failure?: DialogueResult) => void): void;

  /** Sends one message over an idle connection, which is busy from this call on. */
  deliver(transaction: MailTransaction): void;

  /** Ends an idle connection with QUIT, any other at once. */
  quit(): void;

  /** Keeps an idle connection for `ms`, then ends it with QUIT. */
  quitAfter(ms: number): void;
}

/** Informed about a connection that it asked for. */
export interface ConnectionOwner {
  /** A transaction has ended, and the next may begin. */
  idle(connection: Connection): void;
  /** The connection has been closed. Called once. */
  closed(connection: Connection): void;
}

/** One message to one recipient, informed about its progress (RFC 5321, 3.3). */
export interface MailTransaction {
  /** Recipient, as RCPT gives it. */
  readonly to: string;
  /** Return path, as MAIL gives it. */
  from(): string;
  /** The message, with any line ends. */
  render(): Promise<string>;
  /** Called just before MAIL is sent: the server may know of the delivery from now on. */
  begun(): void;
  /** Called just before the final dot is sent: the server may have the message from now on. */
  finalDot(): void;
  /** The transaction has ended. */
  ended(result: DialogueResult): void;
  /** Called instead of `ended` when the server had given up this connection before it: not an attempt. */
  uncharged(): void;
  /** Called when this program fails, not the server. */
  broken(error: unknown): void;
}

/** How a connection or a transaction ended. Its cause is found later. */
export interface DialogueResult {
  stage: Stage;
  outcome: Outcome;
  reply?: Reply;
  /**
   * Set when there is no usable reply: `ECONNREFUSED`, `ETIMEDOUT`, `ECONNRESET`, `ECLOSED`, `EPROTOCOL`;
   * `EMESSAGESIZE` and `ESMTPUTF8` when the server's EHLO reply excludes this message.
   */
  error?: string;
  /** The sender's end of the connection, `address:port`; absent when it was never open. */
  client?: string;
}
