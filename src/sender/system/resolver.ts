// The Resolver port over DNS of the operating system.

import { Resolver as DnsResolver } from 'node:dns/promises';
import type { Resolver } from '../ports.js';

/** Timeout for each query, and queries to each server before a lookup ends with ETIMEOUT. */
const TIMEOUT_MS = 5000;
const TRIES = 3;

/** @param servers addresses of DNS servers; default: those of the system */
export function systemResolver(servers?: readonly string[]): Resolver {
  const dns = new DnsResolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers) dns.setServers(servers);
  return {
    resolveMx: async (domain) =>
      (await dns.resolveMx(domain)).map(({ exchange, priority }) => ({ exchange, preference: priority })),
    resolve4: (name) => dns.resolve4(name),
    resolve6: (name) => dns.resolve6(name),
  };
}
