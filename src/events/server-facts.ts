// What the simulated network and its servers log: lookups, connections, commands and replies, TLS,
// messages accepted and messages returned.

import type { Placement, Reply, Stage } from './words.js';

/** A name was looked up. */
interface DnsAnswered {
  type: 'dns.answered';
  query: 'MX' | 'A';
  name: string;
  /** Recipient domain that the name belongs to. */
  domain: string;
  /** What was found: `10 mx1.example.org`, or `0 .` for a null MX (RFC 7505); addresses. */
  records?: string[];
  /** Why nothing was, as node:dns says it: `ENOTFOUND`, `ENODATA`, `ESERVFAIL`, `ETIMEOUT`. */
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
/** A connection that no server accepted: refused (RST) or never answered. */
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
/** Bytes that a server wrote in the place of a reply, which are none. One character is one byte. */
interface SmtpGarbled {
  type: 'smtp.garbled';
  session: number;
  stage: Stage | 'other';
  text: string;
}
/** A session has turned to TLS after STARTTLS. */
interface TlsStarted {
  type: 'tls.started';
  session: number;
  /** `TLSv1.3`, ... */
  protocol: string;
  /** What the server showed. */
  certificate: 'valid' | 'expired';
}
/** A session was to turn to TLS, and the handshake came to nothing. */
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
 * A server sent a message back about one that it had taken, or tried to: a bounce message
 * (RFC 3464), or an automatic reply.
 */
interface MessageReturned {
  type: 'message.returned';
  domain: string;
  host: string;
  /** Recipient of the message that it is about. */
  rcpt: string;
  /** Return path that it goes to; empty when there is none, and then nothing is sent. */
  to: string;
  kind: 'bounce' | 'auto-reply';
  /** Of a bounce message: its status code (RFC 3463) and action (RFC 3464). */
  status?: string;
  action?: string;
  /** `deferred` is tried again, `failed` is not. */
  outcome: 'sent' | 'deferred' | 'failed';
  /** Reply code at the return path's host, or what went wrong without one. */
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
  | MessageAccepted
  | MessageReturned;
