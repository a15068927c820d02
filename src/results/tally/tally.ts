// Computes the figures of a run from its events: those of the response page of each mailing, and those of
// the servers. It reads the events one at a time, so that a run of any length needs no list of them.

import { domainOf } from '../../base/addresses.js';
import { domainKey } from '../../base/domain-names.js';
import { invariant } from '../../base/errors.js';
import type { ContactStatus, EventOf, MailingState, RunEvent } from '../../events/types.js';
import { mailingOf, recipientOf } from '../../events/envelope.js';
import { InProgress } from './in-progress.js';
import { responseOf } from './automated.js';
import { LostTally } from './lost.js';
import { countBounce, newMailing, type MailingTally } from './mailing.js';
import type { ServerFigures } from '../result.js';
import { ServerTally, type Place } from './servers.js';
import { Standings, type SharedStanding } from '../standings.js';

interface Session {
  place: Place;
  mailing: string | undefined;
}

const MAIL = /^MAIL FROM:/i;

export class Tally {
  readonly mailings = new Map<string, MailingTally>();
  /** Names of the occurrences, by automated mailing. */
  readonly series = new Map<string, string[]>();
  readonly contacts = new Map<string, SharedStanding>();
  readonly servers = new ServerTally();
  readonly lost = new LostTally();
  readonly inProgress = new InProgress();
  /** Attempts of all mailings. */
  attempts = 0;
  /** Time of the last event, virtual ms. */
  now = 0;
  private readonly sessions = new Map<number, Session>();
  private readonly standings = new Standings();
  private readonly withStatus: Record<ContactStatus, number> = { active: 0, error: 0, 'opt-out': 0 };

  /** @param timesOf addresses whose times of attempts are kept; default: all of them */
  constructor(private readonly timesOf?: ReadonlySet<string>) {}

  read(event: RunEvent): void {
    if (event.t > this.now) {
      this.settlePeaks();
      this.now = event.t;
    }
    switch (event.type) {
      case 'contact.added':
        return this.stands(event.address, event.status, event.softBounceStreak);
      case 'contact.status':
        this.stands(event.address, event.to, this.contacts.get(event.address)!.softBounceStreak);
        if (event.to === 'error' && event.mailing !== undefined)
          this.lost.lost(event, this.mailing(event.mailing).lost);
        return;
      case 'contact.streak':
        return this.stands(event.address, this.contacts.get(event.address)!.status, event.to);
      case 'mailing.building':
        this.mailings.set(event.mailing, newMailing(event.kind, event.series));
        if (event.series !== undefined) this.occurrencesOf(event.series).push(event.mailing);
        return;
      case 'series.ordered':
        this.occurrencesOf(event.series);
        return;
      case 'mailing.started':
        return this.setState(event.mailing, 'in-progress', (mailing) => {
          mailing.recipients = event.recipients;
          mailing.startedAt = event.t;
        });
      case 'mailing.completed':
        return this.setState(event.mailing, 'completed', (mailing) => {
          mailing.completedAt = event.t;
        });
      case 'delivery.queued':
        this.mailing(event.mailing).inProgress++;
        this.inProgress.add(event.t, 1);
        return;
      case 'delivery.ended':
        return this.deliveryEnded(event);
      case 'bounce.received':
        return this.lost.reportedBy(event);
      case 'delivery.returned': {
        this.lost.bounced(event);
        const mailing = this.mailing(event.mailing);
        mailing.delivered--;
        mailing.lateBounces++;
        return countBounce(mailing, event.state, event.cause);
      }
      case 'attempt':
        return this.attempt(event);
      case 'connection.opened': {
        const place = this.servers.opened(event.domain, event.host);
        this.sessions.set(event.session, { place, mailing: undefined });
        return;
      }
      case 'connection.closed': {
        this.servers.closed(this.sessions.get(event.session)!.place);
        this.sessions.delete(event.session);
        return;
      }
      case 'connection.refused':
        return this.servers.refused(event.domain, event.host);
      case 'smtp.command':
        return this.command(event.session, event.line, event.t);
      case 'smtp.reply':
        return this.servers.replied(this.sessions.get(event.session)!.place, event.code);
      case 'tls.started':
        return this.servers.turnedToTls(this.sessions.get(event.session)!.place);
      case 'message.accepted': {
        this.servers.accepted(event.domain, event.host, domainKey(domainOf(event.rcpt)));
        const mailing = this.sessions.get(event.session)!.mailing;
        if (mailing !== undefined) this.mailing(mailing).placement[event.placement]++;
        return;
      }
      case 'dns.answered':
        if (event.query !== 'MX' && event.records) this.servers.named(event.name, event.domain);
        return;
      case 'destination.limited':
        return this.servers.failed(event.domain, event.host, 'limited');
      case 'tls.failed':
      case 'run.started':
      case 'run.ended':
      case 'clock.jumped':
      case 'host.suspended':
      case 'smtp.garbled':
      case 'message.received':
      case 'contact.refused':
      case 'message.returned':
      case 'attempt.interrupted':
      case 'sender.crashed':
      case 'sender.restarted':
      case 'scenario.event':
        return;
    }
  }

  /** The response of a mailing, or of all occurrences of an automated one. */
  response(name: string): MailingTally | undefined {
    const occurrences = this.series.get(name);
    return (
      this.mailings.get(name) ?? (occurrences && responseOf(occurrences.map((one) => this.mailing(one))))
    );
  }

  /** Number of contacts with a status. */
  count(status: ContactStatus): number {
    return this.withStatus[status];
  }

  /** Figures of a domain or of one host; all zero without a connection. */
  server(name: string): ServerFigures {
    return this.servers.of(name);
  }

  /** Updates the peaks of connections; called once all events of a time are read. */
  settlePeaks(): void {
    this.servers.settlePeaks();
  }

  private stands(address: string, status: ContactStatus, softBounceStreak: number): void {
    const before = this.contacts.get(address);
    if (before) this.withStatus[before.status]--;
    this.withStatus[status]++;
    this.contacts.set(address, this.standings.of(status, softBounceStreak));
  }

  private occurrencesOf(series: string): string[] {
    let occurrences = this.series.get(series);
    if (!occurrences) this.series.set(series, (occurrences = []));
    return occurrences;
  }

  private mailing(name: string): MailingTally {
    const mailing = this.mailings.get(name);
    invariant(mailing, `an event names mailing ${name}, which was not begun`);
    return mailing;
  }

  private setState(name: string, state: MailingState, change: (mailing: MailingTally) => void): void {
    const mailing = this.mailing(name);
    mailing.state = state;
    change(mailing);
  }

  private deliveryEnded(event: EventOf<'delivery.ended'>): void {
    const mailing = this.mailing(event.mailing);
    mailing.inProgress--;
    this.inProgress.add(event.t, -1);
    switch (event.state) {
      case 'delivered':
        mailing.delivered++;
        return;
      case 'withdrawn':
        mailing.withdrawn++;
        return;
      default:
        if (event.unattempted) mailing.unattempted++;
        this.lost.bounced(event);
        return countBounce(mailing, event.state, event.cause ?? 'other');
    }
  }

  private attempt(event: EventOf<'attempt'>): void {
    this.attempts++;
    this.lost.attempted(event);
    const mailing = this.mailing(event.mailing);
    if (event.outcome === 'unknown') mailing.possibleDuplicates++;
    if (event.outcome !== 'accepted') this.servers.failed(event.domain, event.host, 'failed');
    if (this.keepsTimesOf(event.address)) append(mailing.attempts, event.address, event.startedAt);
  }

  private command(number: number, line: string, at: number): void {
    const session = this.sessions.get(number)!;
    if (MAIL.test(line)) {
      session.mailing = mailingOf(line, this.mailings);
      return;
    }
    const rcpt = recipientOf(line);
    if (rcpt !== undefined && session.mailing !== undefined && this.keepsTimesOf(rcpt)) {
      append(this.mailing(session.mailing).seen, rcpt, at);
    }
  }

  private keepsTimesOf(address: string): boolean {
    return this.timesOf === undefined || this.timesOf.has(address);
  }
}

function append(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
