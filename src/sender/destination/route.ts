// Hosts for the mail of a domain, in the order in which they are tried (RFC 5321, 5.1), or why there is
// none. DNS failures are results here, not exceptions.

import type { MxRecord, Resolver } from '../ports.js';
import type { DialogueResult } from '../transport.js';

/** Permanent failures: no such name, no address, a null MX (RFC 7505). */
const PERMANENT = new Set(['ENOTFOUND', 'ENODATA', 'ENULLMX']);

type Route = { hosts: string[] } | DialogueResult;

/**
 * Looks up the hosts of a domain, the most preferred first.
 *
 * @param draw a number for each host: among those of equal preference the lowest is first
 */
export async function routeTo(
  domain: string,
  resolver: Resolver,
  draw: (host: string) => number,
): Promise<Route> {
  let records: MxRecord[];
  try {
    records = await resolver.resolveMx(domain);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENODATA') return unresolved(code);
    records = [];
  }
  // Without MX records the domain itself is the host (implicit MX).
  if (records.length === 0) return { hosts: [domain] };
  const named = records.filter(({ exchange }) => exchange !== '' && exchange !== '.');
  if (named.length === 0) return unresolved('ENULLMX');
  return { hosts: inOrder(named, draw) };
}

/**
 * Looks up the addresses of a host: those of IPv6 first, then those of IPv4 (RFC 5321, 5.1 and 5.2). An address
 * record is A or AAAA: one that was found is used, whatever the other lookup says.
 *
 * @returns at least one address, or why there is none: a lookup that may succeed later takes precedence
 */
export async function addressesOf(host: string, resolver: Resolver): Promise<string[] | DialogueResult> {
  const lookups = [answerOf(() => resolver.resolve4(host))];
  if (resolver.resolve6) lookups.unshift(answerOf(() => resolver.resolve6!(host)));
  const answers = await Promise.all(lookups);
  const addresses = answers.flatMap((answer) => (Array.isArray(answer) ? answer : []));
  if (addresses.length > 0) return addresses;
  // A comes last, and its code is the result when both are permanent.
  const codes = answers.map((answer) => (typeof answer === 'string' ? answer : 'ENODATA'));
  return unresolved(codes.find((code) => !PERMANENT.has(code)) ?? codes.at(-1)!);
}

/** @returns the addresses, or the error code of the lookup */
async function answerOf(lookup: () => Promise<string[]>): Promise<string[] | string> {
  try {
    return await lookup();
  } catch (error) {
    return codeOf(error);
  }
}

function inOrder(records: MxRecord[], draw: (host: string) => number): string[] {
  if (records.length === 1) return [records[0]!.exchange];
  return records
    .map(({ exchange, preference }) => ({ exchange, preference, drawn: draw(exchange) }))
    .sort((a, b) => a.preference - b.preference || a.drawn - b.drawn)
    .map(({ exchange }) => exchange);
}

function unresolved(error: string): DialogueResult {
  return { stage: 'connect', outcome: PERMANENT.has(error) ? 'rejected' : 'unreachable', error };
}

/** @throws the error itself when it does not come from DNS */
function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return code;
}
