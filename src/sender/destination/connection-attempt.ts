// The opening of one connection to a destination: one host after the other, one address after the
// other, until one stands or says something that holds for the domain.

import type { TriedHost } from '../../events/types.js';
import type { HostCare } from './host-backoff.js';
import type { Resolver } from '../ports.js';
import { addressesOf, routeTo } from './route.js';
import { Session, type DialogueResult, type SessionOptions } from '../smtp/session.js';

const SMTP_PORT = 25;

export interface OpeningOptions {
  domain: string;
  resolver: Resolver;
  session: SessionOptions;
  care: HostCare;
  /** Connections that stand at a host. */
  standingAt: (host: string) => number;
  /** Connections that stand at any of them. */
  standing: () => number;
  draw: (host: string) => number;
  /** A connection is being opened; it is told once nothing is left of it. */
  begun: (session: Session) => void;
  stands: (session: Session) => void;
  /** None stands. */
  failed: (result: DialogueResult, host?: string) => void;
  /** Something of ours failed. */
  broken: (error: unknown) => void;
}

export class Opening {
  session: Session | undefined;
  /** Hosts that did not come to a dialogue, before the one that did or that gave the result. */
  readonly tried: TriedHost[] = [];
  private hosts: string[] = [];
  private host = '';
  private addresses: string[] = [];
  /** The last result of a host that was dialed. */
  private last: { result: DialogueResult; host: string; index: number } | undefined;
  /** Why a host has no address: what may still change counts more than what will not. */
  private unresolved: DialogueResult | undefined;

  constructor(private readonly options: OpeningOptions) {}

  async run(): Promise<void> {
    const { domain, resolver, draw, care, failed } = this.options;
    const route = await routeTo(domain, resolver, draw);
    if ('outcome' in route) return failed(route);
    this.hosts = [...care.choose(route.hosts)];
    return this.next();
  }

  private async next(): Promise<void> {
    while (this.addresses.length === 0) {
      const host = this.hosts.shift();
      if (host === undefined) return this.end();
      const found = await addressesOf(host, this.options.resolver);
      if (Array.isArray(found)) {
        this.host = host;
        this.addresses = [...found];
      } else {
        this.tried.push(triedHost(host, found));
        if (this.unresolved?.outcome !== 'unreachable') this.unresolved = found;
      }
    }
    this.dial(this.addresses.shift()!);
  }

  private dial(address: string): void {
    const { host } = this;
    const session = new Session(this.options.session, { host, address, port: SMTP_PORT });
    this.session = session;
    this.options.begun(session);
    session.connect((result) => {
      if (!result) return this.options.stands(session);
      this.last = { result, host, index: this.tried.length };
      this.tried.push(triedHost(host, result));
      this.spare(host, result);
      // A 5xx is an answer for everybody (rule 13), and another host would only be asked to overrule it.
      if (result.outcome === 'rejected') return this.end();
      this.next().catch((error: unknown) => this.options.broken(error));
    });
  }

  private spare(host: string, { outcome }: DialogueResult): void {
    const { care, standingAt, standing } = this.options;
    if (standingAt(host) > 0) return care.lower(host, standing());
    if (outcome !== 'rejected' && this.addresses.length === 0) care.suspend(host, 'refused');
  }

  private end(): void {
    if (!this.last) return this.options.failed(this.unresolved!);
    // The one that gives the result is not one of those before it.
    this.tried.splice(this.last.index, 1);
    this.options.failed(this.last.result, this.last.host);
  }
}

function triedHost(host: string, { stage, reply, error }: DialogueResult): TriedHost {
  return {
    host,
    stage,
    ...(reply ? { code: reply.code } : {}),
    ...(error === undefined ? {} : { error }),
  };
}
