// The history of a run as the invariants need it: contacts, mailings, deliveries and sessions at the
// servers. It keeps of a delivery only what the check of its next event needs, and little once it has ended,
// so that long runs take little memory.

import { evidenceOf } from '../../events/reply-text.js';
import { faultOf, type ContactStatus, type EventOf, type Party, type RunEvent } from '../../events/types.js';
import { budgetClass, gridOffset } from '../../policy/retry-policy.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import { mailingOf, recipientOf } from '../../events/envelope.js';
import { SeenDomains, type SeenDomain, type SeenSession } from './seen-domains.js';

type StatusGiven = EventOf<'contact.added' | 'contact.status'>;

export interface SeenContact {
  status: ContactStatus;
  streak: number;
  /** What `History.since` is made from: of a contact that was added plainly at the start, the number of that event. */
  since: StatusGiven | number;
  /** Its delivery that ended last; the others follow from that. */
  lastEnded: SeenDelivery | undefined;
}

export interface SeenDelivery {
  /** These three are forgotten when it ends. */
  queued: EventOf<'delivery.queued'> | undefined;
  first: EventOf<'attempt'> | undefined;
  last: EventOf<'attempt'> | undefined;
  /** Attempts that have ended, and those of them charged to each budget. */
  attempts: number;
  replied: number;
  unreachable: number;
  /** Attempts that were lost after the final dot. */
  unknown: number;
  /** Points of its grid that passed while no sender ran. */
  missed: number;
  /** Times that a server accepted its message. */
  accepted: number;
  lastAccepted?: EventOf<'message.accepted'>;
  /** Client address and port of that session. */
  acceptedFrom?: string;
  ended: EventOf<'delivery.ended'> | undefined;
  /** Once it has ended: when the attempt that ended it began, or its end, and with whom its cause lies. */
  begunAt: number;
  liesWith: Party;
  /** The delivery of the same contact that ended before it. */
  endedBefore: SeenDelivery | undefined;
  /** The bounce message that turned it into a bounced one. */
  returned?: EventOf<'delivery.returned'>;
}

export interface SeenMailing {
  building: EventOf<'mailing.building'>;
  started?: EventOf<'mailing.started'>;
  completed?: EventOf<'mailing.completed'>;
  deliveries: Map<string, SeenDelivery>;
  /** Deliveries in progress. */
  open: number;
}

export class History {
  readonly contacts = new Map<string, SeenContact>();
  readonly mailings = new Map<string, SeenMailing>();
  readonly sessions = new Map<number, SeenSession>();
  /** Open sessions by client address and port, as in attempts. */
  private readonly byClient = new Map<string, SeenSession>();
  /** When a sender last started after a crash. */
  restartedAt: number | undefined;
  /** Status of the last bounce message. */
  private reported: string | undefined;
  private readonly domains: SeenDomains;
  private readonly retry: RetryPolicy['retry'];

  constructor({ retry, destination }: RetryPolicy) {
    this.retry = retry;
    this.domains = new SeenDomains(destination);
  }

  delivery(mailing: string, address: string): SeenDelivery | undefined {
    return this.mailings.get(mailing)?.deliveries.get(address);
  }

  /** The event that gave a contact its status. */
  since(address: string): StatusGiven | undefined {
    const since = this.contacts.get(address)?.since;
    if (typeof since !== 'number') return since;
    return { seq: since, t: 0, type: 'contact.added', address, status: 'active', softBounceStreak: 0 };
  }

  domain(name: string): SeenDomain {
    return this.domains.of(name);
  }

  /** As `SeenDomains.destinationOf`. */
  destinationOf(name: string): string {
    return this.domains.destinationOf(name);
  }

  /** As `SeenDomains.isSeveral`. */
  isSeveral(record: SeenDomain): boolean {
    return this.domains.isSeveral(record);
  }

  /** The mailing of an accepted message, by its return path. */
  mailingOf(mailFrom: string): string | undefined {
    return mailingOf(mailFrom, this.mailings);
  }

  read(event: RunEvent): void {
    switch (event.type) {
      case 'contact.added':
        this.contacts.set(event.address, {
          status: event.status,
          streak: event.softBounceStreak,
          since: isPlain(event) ? event.seq : event,
          lastEnded: undefined,
        });
        return;
      case 'contact.status': {
        const contact = this.contacts.get(event.address);
        if (contact) Object.assign(contact, { status: event.to, since: event });
        return;
      }
      case 'contact.streak': {
        const contact = this.contacts.get(event.address);
        if (contact) contact.streak = event.to;
        return;
      }
      case 'mailing.building':
        this.mailings.set(event.mailing, { building: event, deliveries: new Map(), open: 0 });
        return;
      case 'mailing.started': {
        const mailing = this.mailings.get(event.mailing);
        if (mailing) mailing.started = event;
        return;
      }
      case 'mailing.completed': {
        const mailing = this.mailings.get(event.mailing);
        if (mailing) mailing.completed = event;
        return;
      }
      case 'delivery.queued':
        return this.queued(event);
      case 'delivery.ended':
        return this.ended(event);
      case 'delivery.returned': {
        const delivery = this.delivery(event.mailing, event.address);
        if (!delivery || delivery.returned) return;
        delivery.returned = event;
        delivery.liesWith = this.faultOfReturned(event);
        return;
      }
      case 'bounce.received':
        this.reported = event.status;
        return;
      case 'attempt':
        return this.attempted(event);
      case 'sender.crashed':
        return this.crashed(event.t);
      case 'sender.restarted':
        return this.restarted(event.t);
      case 'message.accepted':
        return this.accepted(event);
      case 'dns.answered':
        return this.domains.read(event);
      case 'host.suspended':
        this.domain(event.domain).suspended.push({ from: event.t, to: event.until });
        return;
      case 'connection.opened':
        this.opened(event);
        return;
      case 'connection.closed':
        return this.closed(event);
      case 'smtp.command': {
        const session = this.sessions.get(event.session);
        if (!session || !/^MAIL FROM:/i.test(event.line)) return;
        session.transactions++;
        session.mailing = this.mailingOf(event.line);
        return;
      }
      case 'smtp.reply': {
        const session = this.sessions.get(event.session);
        if (!session) return;
        const given = { reply: event, session };
        session.replies.set(event.code, given);
        this.domain(session.opened.domain).replies.set(event.code, given);
        return;
      }
      default:
        return;
    }
  }

  /** The open session of a client address and port; undefined when the server has closed it. */
  connection(client: string): SeenSession | undefined {
    return this.byClient.get(client);
  }

  /** The delivery that a RCPT command is about; undefined for any other command. */
  named(event: EventOf<'smtp.command'>): { address: string; mailing: string | undefined } | undefined {
    const address = recipientOf(event.line);
    if (address === undefined) return undefined;
    return { address, mailing: this.sessions.get(event.session)?.mailing };
  }

  /** With whom the cause of a bounce message lies; its status is in the `bounce.received` just before. */
  faultOfReturned({ cause }: EventOf<'delivery.returned'>): Party {
    return faultOf(cause, { enhanced: this.reported });
  }

  private queued(event: EventOf<'delivery.queued'>): void {
    const mailing = this.mailings.get(event.mailing);
    if (!mailing) return;
    mailing.open++;
    mailing.deliveries.set(event.address, {
      queued: event,
      first: undefined,
      last: undefined,
      ended: undefined,
      endedBefore: undefined,
      begunAt: 0,
      liesWith: 'unknown',
      attempts: 0,
      replied: 0,
      unreachable: 0,
      unknown: 0,
      missed: 0,
      accepted: 0,
    });
  }

  private ended(event: EventOf<'delivery.ended'>): void {
    const delivery = this.delivery(event.mailing, event.address);
    if (!delivery || delivery.ended) return;
    const { last } = delivery;
    delivery.ended = event;
    delivery.begunAt = last?.t === event.t ? last.startedAt : event.t;
    delivery.liesWith = faultOf(event.cause ?? 'other', evidenceOf(last?.reply));
    delivery.queued = delivery.first = delivery.last = undefined;
    const contact = this.contacts.get(event.address);
    if (contact) {
      delivery.endedBefore = contact.lastEnded;
      contact.lastEnded = delivery;
    }
    this.mailings.get(event.mailing)!.open--;
  }

  private attempted(event: EventOf<'attempt'>): void {
    this.wasBusy(event.domain, event.startedAt, event.t);
    const delivery = this.delivery(event.mailing, event.address);
    if (!delivery) return;
    if (!delivery.ended) {
      delivery.first ??= event;
      delivery.last = event;
    }
    delivery.attempts++;
    const { outcome, stage } = event;
    if (outcome === 'unknown') delivery.unknown++;
    // The sender closes a connection without a usable reply; a server that does not read notices later.
    const lost = outcome === 'unreachable' || outcome === 'unknown';
    const session = event.client === undefined ? undefined : this.byClient.get(event.client);
    if (lost && session) this.letGo(session, event.t);
    if (outcome !== 'accepted' && outcome !== 'rejected') delivery[budgetClass(outcome, stage)]++;
  }

  private accepted(event: EventOf<'message.accepted'>): void {
    const mailing = this.mailingOf(event.mailFrom);
    const delivery = mailing === undefined ? undefined : this.delivery(mailing, event.rcpt);
    if (!delivery) return;
    delivery.accepted++;
    delivery.lastAccepted = event;
    const from = this.sessions.get(event.session)?.opened.client;
    if (from !== undefined) delivery.acceptedFrom = from;
  }

  private opened(event: EventOf<'connection.opened'>): void {
    const session = { opened: event, transactions: 0, mailing: undefined, replies: new Map() };
    this.sessions.set(event.session, session);
    this.byClient.set(event.client, session);
    this.domain(event.domain).open.set(event.session, session);
  }

  private closed(event: EventOf<'connection.closed'>): void {
    const session = this.sessions.get(event.session);
    if (!session) return;
    session.closedAt = event.t;
    this.sessions.delete(event.session);
    if (this.byClient.get(session.opened.client) === session) this.byClient.delete(session.opened.client);
    this.letGo(session, event.t);
  }

  private crashed(at: number): void {
    for (const session of this.sessions.values()) this.letGo(session, at);
  }

  /** Records that the sender has closed a session, whether or not the server has noticed. */
  private letGo({ opened }: SeenSession, at: number): void {
    const { domain, session, t } = opened;
    if (this.domain(domain).open.delete(session)) this.wasBusy(domain, t, at);
  }

  /** Counts the grid points in the window that passed without a sender: one attempt, due now, replaces them. */
  private restarted(at: number): void {
    this.restartedAt = at;
    this.domains.restarted();
    for (const { deliveries } of this.mailings.values()) {
      for (const delivery of deliveries.values()) {
        const { first, ended, attempts } = delivery;
        if (!first || ended) continue;
        const next = (): number => gridOffset(this.retry.intervalsMs, attempts + delivery.missed + 1);
        while (next() <= Math.min(at - first.startedAt, this.retry.windowMs)) delivery.missed++;
      }
    }
  }

  /** Adds a span that ends now, and so after all others. */
  private wasBusy(name: string, from: number, to: number): void {
    const { busy } = this.domain(name);
    for (let last = busy.at(-1); last && last.to >= from; last = busy.at(-1)) {
      from = Math.min(from, last.from);
      busy.pop();
    }
    busy.push({ from, to });
  }
}

/** Whether nothing but its number tells an event from those of other contacts. */
function isPlain({ t, status, softBounceStreak, written }: EventOf<'contact.added'>): boolean {
  return t === 0 && status === 'active' && softBounceStreak === 0 && written === undefined;
}
