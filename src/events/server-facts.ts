// What the simulated network and its servers log: lookups, connections, commands and replies, TLS,
// messages accepted and messages returned.

import type { Placement, Reply, Stage } from './words.js';

/** A name was looked up. */
interface DnsAnswered {
  type: 'dns.answered';
  query: 'MX' | 'A' | 'AAAA';
  name: string;
  /** Recipient domain that the name belongs to. */
  domain: string;
  /** The answer: `10 mx1.example.org`, or `0 .` for a null MX (RFC 7505); addresses. */
  records?: string[];
  /** The error code of node:dns instead of an answer: `ENOTFOUND`, `ENODATA`, `ESERVFAIL`, `ETIMEOUT`. */
  error?: string;
}
interface ConnectionOpened {
  type: 'connection.opened';
  session: number;
  domain: string;
  host: string;
  /** Client address and port as the server sees them. */
  client: string;
}
/** A connection that no server accepted: refused (RST), or without an answer. */
interface ConnectionRefused {
  type: 'connection.refused';
  domain: string;
  host: string;
  how: 'refused' | 'no-answer';
}
interface ConnectionClosed {
  type: 'connection.closed';
  session: number;
}
/** A command line as the server read it. */
interface SmtpCommand {
  type: 'smtp.command';
  session: number;
  line: string;
}
/** A reply as the server wrote it. */
interface SmtpReply extends Reply {
  type: 'smtp.reply';
  session: number;
  stage: Stage | 'other';
}
/** Bytes that a server wrote instead of a valid reply. One character is one byte. */
interface SmtpGarbled {
  type: 'smtp.garbled';
  session: number;
  stage: Stage | 'other';
  text: string;
}
/** A session uses TLS from now on, after STARTTLS. */
interface TlsStarted {
  type: 'tls.started';
  session: number;
  /** `TLSv1.3`, ... */
  protocol: string;
  /** The certificate of the server. */
  certificate: 'valid' | 'expired';
}
/** The TLS handshake after STARTTLS failed. */
interface TlsFailed {
  type: 'tls.failed';
  session: number;
}
/** A server took responsibility for a message, whether or not its reply reached the client. */
interface MessageAccepted {
  type: 'message.accepted';
  session: number;
  domain: string;
  host: string;
  mailFrom: string;
  rcpt: string;
  /** Bytes of the message as received, dots unstuffed. */
  size: number;
  placement: Placement;
}

/**
 * A server read a whole message on a session in which it sends replies that belong to no command. Such a reply, when
 * it arrives after the final dot was sent, looks to the client like the reply to the message. Not logged otherwise.
 */
interface MessageReceived {
  type: 'message.received';
  session: number;
  mailFrom: string;
  rcpt: string;
  /** The earliest time at which the final dot may have arrived: before now, if the server had stopped reading. */
  since: number;
}

/**
 * A server sent, or tried to send, a bounce message (RFC 3464) or an automatic reply about a message
 * that it had accepted.
 */
interface MessageReturned {
  type: 'message.returned';
  domain: string;
  host: string;
  /** Recipient of the accepted message. */
  rcpt: string;
  /** Return path of that message; empty when it had none, and then no message is sent. */
  to: string;
  kind: 'bounce' | 'auto-reply';
  /** For a bounce message: its status code (RFC 3463) and action (RFC 3464). */
  status?: string;
  action?: string;
  /** `deferred` is tried again, `failed` is not. */
  outcome: 'sent' | 'deferred' | 'failed';
  /** Reply code of the host of the return path, or the error when there was none. */
  said: string;
}

/** What the simulated network and its servers log. */
export type ServerFact =
  | DnsAnswered
  | ConnectionOpened
  | ConnectionRefused
  | ConnectionClosed
  | SmtpCommand
  | SmtpReply
  | SmtpGarbled
  | TlsStarted
  | TlsFailed
  | MessageReceived
  | MessageAccepted
  | MessageReturned;
