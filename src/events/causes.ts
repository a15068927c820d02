// The causes of a bounce, and with whom each lies. This is the only table of them: a cause is one of its
// keys, so that a new cause cannot be added without a decision about it.

/**
 * With whom a cause lies: the mailbox or domain of the recipient; the sender with its address, rate and
 * authentication; the content of the message; the receiving server; the network between them. `unknown`
 * where the reply does not show it.
 */
export type Party = 'recipient' | 'sender' | 'content' | 'server' | 'network' | 'unknown';

/** What shows with whom a cause lies, of the reply or the bounce message that gave it. */
export interface Evidence {
  /** Reply code. */
  code?: number | undefined;
  /** Enhanced status code (RFC 3463). */
  enhanced?: string | undefined;
}

type PartyByEvidence = (evidence: Evidence | undefined) => Party;

/**
 * 556 is a domain that accepts no mail (RFC 7504), and 512 repeats 5.1.2. Of the enhanced codes x.1.2 and
 * x.1.10 are the system of the recipient, x.4.3 and x.4.4 the way to it (RFC 3463, RFC 7505), and x.4.310 and
 * x.4.312 the DNS lookup of its domain (Microsoft).
 */
const DNS_OF_RECIPIENT = /^[45]\.(?:1\.(?:2|10)|4\.(?:3|4|310|312))$/;
const DNS_OF_RECIPIENT_CODES: readonly number[] = [512, 556];

/** Other replies about DNS are about the sender's records. Without a reply the lookup itself failed. */
const dnsFault: PartyByEvidence = (evidence) => {
  if (!evidence) return 'recipient';
  const { code = 0, enhanced = '' } = evidence;
  const isTheirs = DNS_OF_RECIPIENT_CODES.includes(code) || DNS_OF_RECIPIENT.test(enhanced);
  return isTheirs ? 'recipient' : 'sender';
};

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
  'dns-failure': dnsFault,
  network: 'network',
  'protocol-error': 'server',
  other: 'unknown',
} as const satisfies Record<string, Party | PartyByEvidence>;

export type Cause = keyof typeof FAULT_OF;

/** All causes, in the order in which they are listed for people. */
export const CAUSES = Object.keys(FAULT_OF) as [Cause, ...Cause[]];

/** @param evidence absent when no server gave the cause */
export function faultOf(cause: Cause, evidence: Evidence | undefined): Party {
  const fault = FAULT_OF[cause];
  return typeof fault === 'string' ? fault : fault(evidence);
}
