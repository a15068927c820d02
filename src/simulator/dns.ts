// The fake DNS of the fleet. Answers and errors have the shapes and codes of node:dns; every answer is
// an event.

import { domainKey } from '../base/domain-names.js';
import type { Clock } from '../clock/clock.js';
import type { Emit } from '../events/types.js';
import type { DnsAnswer } from './plan.js';
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
  /** Undefined for a host without an A record. */
  address: string | undefined;
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
   * Addresses of a host, or of a domain without MX.
   *
   * @throws system error ENOTFOUND (NXDOMAIN), ENODATA (no address), ESERVFAIL or ETIMEOUT
   */
  async resolve4(written: string): Promise<string[]> {
    const name = domainKey(written);
    const host = this.options.zone.host(name);
    if (!host) {
      const answer = this.options.zone.domain(name)?.answer;
      const refused = answer === 'nxdomain' || answer === 'servfail' || answer === 'timeout';
      const none = answer === undefined ? 'ENOTFOUND' : 'ENODATA';
      return this.fail('A', name, name, refused ? ERRORS[answer] : none);
    }
    if (host.address === undefined) return this.fail('A', name, host.domain, 'ENODATA');
    this.emitAnswer('A', name, host.domain, [host.address]);
    return [host.address];
  }

  private async fail(query: 'MX' | 'A', name: string, domain: string, code: string): Promise<never> {
    if (code === ERRORS.timeout) {
      await new Promise<void>((resolve) => void this.options.clock.after(TIMEOUT_MS, resolve));
    }
    this.options.emit({ type: 'dns.answered', query, name, domain, error: code });
    throw systemError(code, query === 'MX' ? 'queryMx' : 'queryA');
  }

  private emitAnswer(query: 'MX' | 'A', name: string, domain: string, records: string[]): void {
    this.options.emit({ type: 'dns.answered', query, name, domain, records });
  }
}
