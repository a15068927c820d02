// The fake DNS of the fleet. Answers and errors have the shapes and codes of node:dns; every answer is
// an event.

import { domainKey } from '../base/domain-names.js';
import type { Clock } from '../clock/clock.js';
import type { Emit } from '../events/types.js';
import type { Addresses, DnsAnswer } from './plan.js';
import { systemError } from './network/memory-socket.js';

export interface MailExchanger {
  exchange: string;
  preference: number;
}

/** The names of the fleet. */
interface Zone {
  /** @returns undefined when the domain does not exist */
  domain(name: string): ZoneDomain | undefined;
  /** @returns undefined when there is no host of that name */
  host(name: string): ZoneHost | undefined;
}

interface ZoneDomain {
  /** How DNS answers for it now. */
  answer: DnsAnswer;
  records: MailExchanger[];
}

interface ZoneHost {
  /** Recipient domain that it serves. */
  domain: string;
  /** Its A and AAAA records. */
  addresses: Addresses;
}

interface FakeDnsOptions {
  clock: Clock;
  emit: Emit;
  zone: Zone;
}

/** After which a resolver gives up on DNS servers that do not answer, ms: three attempts of five seconds. */
const TIMEOUT_MS = 15_000;

const ERRORS = { nxdomain: 'ENOTFOUND', servfail: 'ESERVFAIL', timeout: 'ETIMEOUT' } as const;

export class FakeDns {
  constructor(private readonly options: FakeDnsOptions) {}

  /**
   * Mail exchangers of a domain. A null MX (RFC 7505) is one record with an empty exchange.
   *
   * @throws system error ENOTFOUND (NXDOMAIN), ENODATA (no MX), ESERVFAIL or ETIMEOUT
   */
  async resolveMx(name: string): Promise<MailExchanger[]> {
    const domain = domainKey(name);
    const found = this.options.zone.domain(domain);
    if (!found) return this.fail('MX', domain, domain, 'ENOTFOUND');
    const { answer, records } = found;
    if (answer === 'a-only') return this.fail('MX', domain, domain, 'ENODATA');
    if (answer === 'null-mx') {
      this.emitAnswer('MX', domain, domain, ['0 .']);
      return [{ exchange: '', preference: 0 }];
    }
    if (answer !== 'mx') return this.fail('MX', domain, domain, ERRORS[answer]);
    this.emitAnswer(
      'MX',
      domain,
      domain,
      records.map(({ exchange, preference }) => `${preference} ${exchange}`),
    );
    return [...records];
  }

  /**
   * IPv4 addresses of a host, or of a domain without MX.
   *
   * @throws system error ENOTFOUND (NXDOMAIN), ENODATA (no address), ESERVFAIL or ETIMEOUT
   */
  async resolve4(written: string): Promise<string[]> {
    const name = domainKey(written);
    const host = this.options.zone.host(name);
    if (!host) return this.fail('A', name, name, this.errorOf(name, host));
    const { v4 } = host.addresses;
    if (v4 === undefined) return this.fail('A', name, host.domain, 'ENODATA');
    this.emitAnswer('A', name, host.domain, [v4]);
    return [v4];
  }

  /**
   * IPv6 addresses of a host. An answer without one is no event: nearly every host has none, and what DNS says
   * of the name is the event of `resolve4`.
   *
   * @throws system error as `resolve4`
   */
  async resolve6(written: string): Promise<string[]> {
    const name = domainKey(written);
    const host = this.options.zone.host(name);
    const v6 = host?.addresses.v6;
    if (host && v6 !== undefined) {
      this.emitAnswer('AAAA', name, host.domain, [v6]);
      return [v6];
    }
    const code = this.errorOf(name, host);
    if (code === ERRORS.timeout) await this.timeout();
    throw systemError(code, 'queryAaaa');
  }

  /** Why a name has no address of some family. */
  private errorOf(name: string, host: ZoneHost | undefined): string {
    if (host) return 'ENODATA';
    const answer = this.options.zone.domain(name)?.answer;
    const refused = answer === 'nxdomain' || answer === 'servfail' || answer === 'timeout';
    return refused ? ERRORS[answer] : answer === undefined ? 'ENOTFOUND' : 'ENODATA';
  }

  private timeout(): Promise<void> {
    return new Promise<void>((resolve) => void this.options.clock.after(TIMEOUT_MS, resolve));
  }

  private async fail(query: 'MX' | 'A', name: string, domain: string, code: string): Promise<never> {
    if (code === ERRORS.timeout) await this.timeout();
    this.options.emit({ type: 'dns.answered', query, name, domain, error: code });
    throw systemError(code, query === 'MX' ? 'queryMx' : 'queryA');
  }

  private emitAnswer(query: 'MX' | 'A' | 'AAAA', name: string, domain: string, records: string[]): void {
    this.options.emit({ type: 'dns.answered', query, name, domain, records });
  }
}
