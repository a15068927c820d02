// The fake DNS: every domain of the fleet has one MX host; a domain that nobody serves does not
// exist. Answers and errors have the shapes and codes of node:dns.

import { systemError } from './network/socket.js';

export interface MxRecord {
  exchange: string;
  preference: number;
}

/** Where the fleet's names lead. */
export interface Zone {
  /** Name of the MX host of a domain; undefined when the domain does not exist. */
  exchangeOf(domain: string): string | undefined;
  /** Address of a host; undefined when the name does not exist. */
  addressOf(host: string): string | undefined;
}

export class FakeDns {
  constructor(private readonly zone: Zone) {}

  /** @throws system error ENOTFOUND for a domain that does not exist (NXDOMAIN) */
  async resolveMx(domain: string): Promise<MxRecord[]> {
    const exchange = this.zone.exchangeOf(domain);
    if (exchange === undefined) throw systemError('ENOTFOUND', 'queryMx');
    return Promise.resolve([{ exchange, preference: 10 }]);
  }

  /** @throws system error ENOTFOUND for a name that does not exist */
  async resolve4(name: string): Promise<string[]> {
    const address = this.zone.addressOf(name);
    if (address === undefined) throw systemError('ENOTFOUND', 'queryA');
    return Promise.resolve([address]);
  }
}
