// The causes of a bounce, and with whom each lies. This is the only table of them: a cause is one of its
// keys, so that a new cause cannot be added without a decision about it.

/**
 * With whom a cause lies: the mailbox or domain of the recipient; the sender with its address, rate and
 * authentication; the content of the message; the receiving server; the network between them. `unknown`
 * where the reply does not show it.
 */
export type Party = 'recipient' | 'sender' | 'content' | 'server' | 'network' | 'unknown';

/** With whom a cause lies when a server named it in a reply, and when there was no reply. */
interface PartyByReply {
  replied: Party;
  unreplied: Party;
}

const FAULT_OF = {
  'user-unknown': 'recipient',
  'mailbox-full': 'recipient',
  'mailbox-disabled': 'recipient',
  throttled: 'sender',
  greylisted: 'server',
  'server-busy': 'server',
  'spam-block': 'content',
  'content-block': 'content',
  'ip-blocklisted': 'sender',
  'auth-failure': 'sender',
  policy: 'server',
  'message-too-big': 'content',
  'relay-denied': 'server',
  // A server that names DNS speaks of the sender's records. Without a reply, the lookup of the
  // recipient's domain failed.
  'dns-failure': { replied: 'sender', unreplied: 'recipient' },
  network: 'network',
  'protocol-error': 'server',
  other: 'unknown',
} as const satisfies Record<string, Party | PartyByReply>;

export type Cause = keyof typeof FAULT_OF;

/** All causes, in the order in which they are listed for people. */
export const CAUSES = Object.keys(FAULT_OF) as [Cause, ...Cause[]];

/** @param replied whether a server gave the cause in a reply or in a bounce message */
export function faultOf(cause: Cause, replied: boolean): Party {
  const fault = FAULT_OF[cause];
  if (typeof fault === 'string') return fault;
  return replied ? fault.replied : fault.unreplied;
}
