// Which host takes the mail of a recipient, for a server that stands for all hosts of a fleet, as a smarthost does.

import type { Reply } from '../../events/types.js';
import type { ServedDomain } from '../domains.js';
import type { DnsAnswer, Family } from '../plan.js';
import type { Host } from './host.js';

/** Host or reply for a recipient. */
export type Receiver = { host: Host } | { reply: Reply };

/** What a smarthost replies when DNS has no host for the recipient (RFC 3463, X.1.2 and X.4.3; RFC 7505, 4.2). */
const REPLIES = {
  nxdomain: { code: 550, enhanced: '5.1.2', lines: ['Domain not found'] },
  servfail: { code: 451, enhanced: '4.4.3', lines: ['Temporary lookup failure'] },
  timeout: { code: 451, enhanced: '4.4.3', lines: ['Temporary lookup failure'] },
  'null-mx': { code: 556, enhanced: '5.1.10', lines: ['Recipient address has null MX'] },
  'no-host': { code: 451, enhanced: '4.4.1', lines: ['No answer from host'] },
} as const;

/**
 * The host with the lowest MX preference that is not down; if all are, the first of them.
 *
 * @param answer how DNS answers for the domain now
 * @param family of the address that the host must have; absent: any
 */
export function receiverIn(
  domain: ServedDomain | undefined,
  answer: DnsAnswer = 'nxdomain',
  family?: Family,
): Receiver {
  if (answer !== 'mx' && answer !== 'a-only') return { reply: replyOf(answer) };
  if (!domain) return { reply: replyOf('nxdomain') };
  const { hosts, preferences } = domain;
  const inOrder = [...hosts]
    .filter(({ addresses }) => family === undefined || addresses[family] !== undefined)
    .sort((a, b) => preferences.get(a)! - preferences.get(b)!);
  const host = inOrder.find((one) => !one.isDown(family ?? 'v4')) ?? inOrder[0];
  return host ? { host } : { reply: replyOf('no-host') };
}

function replyOf(why: keyof typeof REPLIES): Reply {
  const { lines, ...reply } = REPLIES[why];
  return { ...reply, lines: [...lines] };
}
