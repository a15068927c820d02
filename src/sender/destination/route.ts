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

/** @returns the addresses of a host, at least one, or why there is none */
export async function addressesOf(host: string, resolver: Resolver): Promise<string[] | DialogueResult> {
  try {
    const addresses = await resolver.resolve4(host);
    return addresses.length > 0 ? addresses : unresolved('ENODATA');
  } catch (error) {
    return unresolved(codeOf(error));
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
