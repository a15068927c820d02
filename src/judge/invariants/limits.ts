// The sender keeps its limits: connections open at once to a destination, and messages on one connection. A
// destination is a site; where the policy keeps recipient domains apart, it is the domain of the recipients.

import { domainOf } from '../../base/addresses.js';
import { recipientOf } from '../../events/envelope.js';
import type { Invariant } from './invariant.js';
import type { History } from './run-history.js';
import type { SeenDomain } from './seen-domains.js';

export const limits: Invariant = {
  name: 'limits',
  rule: 'a destination never has more connections, nor a connection more messages, than the limit (rules 13, 16)',
  watch({ history, policy, limits: { connectionsMax, messagesPerConnectionMax } }) {
    const sessions = policy.destination?.by === 'domain' ? new ByRecipient(history) : new BySite(history);
    return {
      on: {
        'connection.opened': ({ domain }) => {
          sessions.opened(domain);
          return undefined;
        },
        'smtp.command': ({ session, line }) => {
          sessions.command(session, line);
          const record = history.sessions.get(session);
          if (!record || record.transactions < messagesPerConnectionMax || !/^MAIL /i.test(line))
            return undefined;
          return {
            what: `message ${record.transactions + 1} on one connection to ${record.opened.domain}, the limit is ${messagesPerConnectionMax}`,
            because: [record.opened],
          };
        },
      },
      settled() {
        for (const { name, open } of sessions.settle(connectionsMax)) {
          if (open > connectionsMax)
            return { what: `${open} connections to ${name} at once, the limit is ${connectionsMax}` };
        }
        return undefined;
      },
    };
  },
};

/** Connections open to each destination at which one was opened at the present time. */
interface OpenSessions {
  opened(domain: string): void;
  command(session: number, line: string): void;
  settle(max: number): { name: string; open: number }[];
}

class BySite implements OpenSessions {
  private readonly touched = new Set<string>();
  /** The domain of the first recipient of each open session. */
  private readonly recipients = new Map<number, string>();

  constructor(private readonly history: History) {}

  opened(domain: string): void {
    this.touched.add(domain);
  }

  command(session: number, line: string): void {
    const recipient = recipientOf(line);
    const opened = this.history.sessions.get(session)?.opened;
    if (recipient === undefined || !opened || this.recipients.has(session)) return;
    this.recipients.set(session, domainOf(recipient));
    this.touched.add(opened.domain);
  }

  settle(max: number): { name: string; open: number }[] {
    const found = [...this.touched].flatMap((name) => {
      const record = this.history.domain(name);
      const all = { name, open: record.open.size };
      const counted = all.open > max && this.history.isSeveral(record) ? this.byDestination(record) : [all];
      if (counted.every(({ open }) => open <= max)) record.isExcused = false;
      return record.isExcused ? [] : counted;
    });
    this.touched.clear();
    this.forget();
    return found;
  }

  /** Forgets sessions that have ended, when they are most of those that are known. */
  private forget(): void {
    const { sessions } = this.history;
    if (this.recipients.size <= 2 * sessions.size + 100) return;
    for (const session of this.recipients.keys()) if (!sessions.has(session)) this.recipients.delete(session);
  }

  /** The sessions at hosts with a name of their own for each domain: only the recipient shows for which one. */
  private byDestination({ open }: SeenDomain): { name: string; open: number }[] {
    const counts = new Map<string, number>();
    for (const session of open.keys()) {
      const domain = this.recipients.get(session);
      if (domain === undefined) continue;
      const destination = this.history.destinationOf(domain);
      counts.set(destination, (counts.get(destination) ?? 0) + 1);
    }
    return Array.from(counts, ([name, count]) => ({ name, open: count }));
  }
}

/** A connection is for the domain of its first recipient. */
class ByRecipient implements OpenSessions {
  private readonly byDomain = new Map<string, Set<number>>();
  private readonly touched = new Set<string>();

  constructor(private readonly history: History) {}

  opened(): void {
    // The domain is known with the first recipient.
  }

  command(session: number, line: string): void {
    const recipient = recipientOf(line);
    if (recipient === undefined) return;
    const domain = domainOf(recipient);
    const sessions = this.byDomain.get(domain) ?? new Set();
    this.byDomain.set(domain, sessions.add(session));
    this.touched.add(domain);
  }

  settle(): { name: string; open: number }[] {
    const found = Array.from(this.touched, (name) => {
      const sessions = this.byDomain.get(name)!;
      for (const session of sessions) if (!this.isOpen(session)) sessions.delete(session);
      return { name, open: sessions.size };
    });
    this.touched.clear();
    return found;
  }

  private isOpen(session: number): boolean {
    const record = this.history.sessions.get(session);
    return record !== undefined && this.history.domain(record.opened.domain).open.has(session);
  }
}
