// What the DNS server of a live fleet answers to one question: the names of the scenario's world, and its faults.

import type { Answer, Question } from 'dns-packet';
import { reversedAddress } from './reversed-address.js';
import type { World } from '../simulator/world.js';

/** The response code (RFC 1035, 4.1.1) and the records; undefined: no answer at all, as under a time-out. */
export interface DnsReply {
  rcode: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'NOTIMP' | 'REFUSED';
  answers: Answer[];
}

/** Answers change in the course of a scenario: none is kept. */
const TTL = 0;

/** Domains that only `default` serves and that get hosts of their own. */
const UNNAMED_MAX = 1000;

const NO_DATA: DnsReply = { rcode: 'NOERROR', answers: [] };
const NO_NAME: DnsReply = { rcode: 'NXDOMAIN', answers: [] };

const RCODES: Record<string, DnsReply['rcode']> = {
  ENODATA: 'NOERROR',
  ENOTFOUND: 'NXDOMAIN',
  ESERVFAIL: 'SERVFAIL',
};

export class DnsAnswers {
  /** Unnamed domains that were looked up. */
  private readonly unnamed = new Set<string>();

  constructor(private readonly world: World) {}

  async to({ name, type, class: klass }: Question): Promise<DnsReply | undefined> {
    if (klass !== undefined && klass !== 'IN') return { rcode: 'REFUSED', answers: [] };
    const key = name.toLowerCase();
    if (type === 'PTR') return this.pointer(name, reversedAddress(key));
    if (key === 'localhost' || key.endsWith('.localhost')) return local(name, type);
    const known = this.world.knows(key);
    // Names with an underscore are services of a domain (RFC 8552), not domains.
    if (!known || (known === 'unnamed' && (key === '' || key.includes('_')))) return NO_NAME;
    switch (type) {
      case 'MX':
        if (known === 'unnamed' && !this.admits(key)) return { rcode: 'SERVFAIL', answers: [] };
        return this.look(async () => {
          const records = await this.world.dns.resolveMx(key);
          return records.map(({ exchange, preference }) => ({
            ...{ name, type: 'MX' as const, ttl: TTL },
            data: { preference, exchange: exchange === '' ? '.' : exchange },
          }));
        });
      case 'A':
        if (known === 'unnamed') return NO_DATA;
        return this.look(async () =>
          (await this.world.dns.resolve4(key)).map((data) => ({ name, type: 'A' as const, ttl: TTL, data })),
        );
      case 'AAAA':
      case 'TXT':
      case 'CNAME':
      case 'SOA':
      case 'NS':
      case 'SRV':
        if (known === 'unnamed') return NO_DATA;
        // The faults of a domain concern every type; of these the world has AAAA alone.
        return this.look(async () => {
          const addresses = await this.world.dns.resolve6(key);
          return type === 'AAAA' ? addresses.map((data) => ({ name, type, ttl: TTL, data })) : [];
        });
      default:
        return { rcode: 'NOTIMP', answers: [] };
    }
  }

  private async look(records: () => Promise<Answer[]>): Promise<DnsReply | undefined> {
    try {
      return { rcode: 'NOERROR', answers: await records() };
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ETIMEOUT') return undefined;
      const rcode = RCODES[code];
      if (rcode === undefined) throw error;
      return { rcode, answers: [] };
    }
  }

  private pointer(name: string, address: string | undefined): DnsReply {
    const names = address === undefined ? [] : this.world.hostsAt(address).map((host) => host.name);
    // The client's own address, too.
    if (address === '127.0.0.1' || address === '::1') names.unshift('localhost');
    if (names.length === 0) return NO_NAME;
    const answers = names.map((data) => ({ name, type: 'PTR' as const, ttl: TTL, data }));
    return { rcode: 'NOERROR', answers };
  }

  /** Each of them gets a listening socket, and a client may ask for any number of names. */
  private admits(domain: string): boolean {
    if (!this.unnamed.has(domain) && this.unnamed.size >= UNNAMED_MAX) return false;
    this.unnamed.add(domain);
    return true;
  }
}

function local(name: string, type: string): DnsReply {
  if (type === 'A') return { rcode: 'NOERROR', answers: [{ name, type, ttl: TTL, data: '127.0.0.1' }] };
  if (type === 'AAAA') return { rcode: 'NOERROR', answers: [{ name, type, ttl: TTL, data: '::1' }] };
  return NO_DATA;
}
