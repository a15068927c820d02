// What the servers of a live fleet saw: figures of each host, and the attempts at each recipient.

import { recipientOf } from '../events/envelope.js';
import type { Fact } from '../events/types.js';

export interface HostSummary {
  /** Recipient domain, or name of the site. */
  domain: string;
  host: string;
  sessions: number;
  /** Messages accepted, each counted for every recipient. */
  messages: number;
  /** Replies by code. */
  replies: Record<string, number>;
}

export interface RecipientSummary {
  address: string;
  /** Times at which a server read a RCPT for it, ms of the fleet. */
  attempts: number[];
  /** Times between two of them, ms. */
  gaps: number[];
  accepted: number;
}

interface Recipient {
  attempts: number[];
  accepted: number;
}

export class FleetSummary {
  private readonly byHost = new Map<string, HostSummary>();
  private readonly bySession = new Map<number, HostSummary>();
  private readonly byRecipient = new Map<string, Recipient>();
  private returned = { sent: 0, failed: 0 };

  /** Reads one fact. Bound, so that it can be passed on. */
  readonly read = (fact: Fact, t: number): void => {
    switch (fact.type) {
      case 'connection.opened': {
        const host = this.host(fact.domain, fact.host);
        host.sessions++;
        this.bySession.set(fact.session, host);
        return;
      }
      case 'connection.closed':
        this.bySession.delete(fact.session);
        return;
      case 'smtp.reply': {
        const { replies } = this.bySession.get(fact.session)!;
        replies[fact.code] = (replies[fact.code] ?? 0) + 1;
        return;
      }
      case 'smtp.command': {
        const address = recipientOf(fact.line);
        if (address !== undefined) this.recipient(address).attempts.push(t);
        return;
      }
      case 'message.accepted':
        this.host(fact.domain, fact.host).messages++;
        this.recipient(fact.rcpt).accepted++;
        return;
      case 'message.returned':
        if (fact.outcome === 'sent') this.returned.sent++;
        if (fact.outcome === 'failed') this.returned.failed++;
        return;
      default:
    }
  };

  /** Hosts that a client connected to, in the order of their first connection. */
  get hosts(): HostSummary[] {
    return [...this.byHost.values()];
  }

  /** In the order of their first attempt. */
  get recipients(): RecipientSummary[] {
    return Array.from(this.byRecipient, ([address, { attempts, accepted }]) => {
      const gaps = attempts.slice(1).map((time, index) => time - attempts[index]!);
      return { address, attempts, gaps, accepted };
    });
  }

  /** Times at which a server read a RCPT for an address, ms of the fleet. @param key of the address */
  attemptsAt(key: string): number[] {
    return [...(this.byRecipient.get(key)?.attempts ?? [])];
  }

  /** Messages that hosts returned to a return path, or could not. */
  get returns(): { sent: number; failed: number } {
    return this.returned;
  }

  private host(domain: string, host: string): HostSummary {
    const key = `${domain} ${host}`;
    let summary = this.byHost.get(key);
    if (!summary) this.byHost.set(key, (summary = { domain, host, sessions: 0, messages: 0, replies: {} }));
    return summary;
  }

  private recipient(address: string): Recipient {
    let recipient = this.byRecipient.get(address);
    if (!recipient) this.byRecipient.set(address, (recipient = { attempts: [], accepted: 0 }));
    return recipient;
  }
}
