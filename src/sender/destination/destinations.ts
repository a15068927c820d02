// All destinations of a sender, made when they are first needed; and what it says there: the
// message of each mailing and the return path.

import type { ReturnPaths } from '../bounce/return-path.js';
import {
  DEFAULT_LIMITS,
  Destination,
  type DestinationOptions,
  type DestinationLimits,
} from './destination.js';
import type { Delivery } from '../model/delivery.js';
import { dkimSigner, type DkimKey } from '../message/dkim.js';
import { listUnsubscribe } from '../message/list-unsubscribe.js';
import type { Mailing } from '../model/mailing.js';
import { Composer, type MessageContext } from '../message/composer.js';
import type { Clock, Dialer, Random, Resolver } from '../ports.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { Emit } from '../../events/types.js';
import type { Settlement } from '../settlement.js';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../smtp/timeouts.js';

export interface DestinationsOptions {
  clock: Clock;
  resolver: Resolver;
  dialer: Dialer;
  settlement: Settlement;
  /** `From:` of the messages. */
  from?: string | undefined;
  /** `List-Unsubscribe:` of the messages, in which `{{email}}` is the contact. */
  listUnsubscribe?: string | undefined;
  /** What signs them. */
  dkim?: DkimKey | undefined;
  returnPaths: ReturnPaths;
  random: Random;
  policy: RetryPolicy;
  /** Told what is no attempt of anybody. */
  tell: Emit;
  /** Name for EHLO. */
  clientName?: string | undefined;
  limits?: Partial<DestinationLimits> | undefined;
  timeouts?: Partial<Timeouts> | undefined;
}

export class Destinations {
  private readonly byDomain = new Map<string, Destination>();
  private readonly composers = new Map<Mailing, Composer>();

  private readonly headers: Pick<MessageContext, 'unsubscribe' | 'sign'>;

  /** @throws BouncelabError E_USAGE for a DKIM key or a List-Unsubscribe that cannot be one */
  constructor(private readonly options: DestinationsOptions) {
    const { listUnsubscribe: address, dkim } = options;
    this.headers = {
      unsubscribe: address === undefined ? undefined : listUnsubscribe(address),
      sign: dkim && dkimSigner(dkim),
    };
  }

  /** Takes up the message of a mailing. @param date for its headers */
  compose(mailing: Mailing, date: Date): void {
    const from = this.options.from ?? 'news@sender.example';
    const { message } = mailing.order;
    this.composers.set(
      mailing,
      new Composer(message, { mailing: mailing.name, from, date, ...this.headers }),
    );
  }

  /** Hands deliveries that are due to their destinations, all of one moment before any is begun. */
  take(deliveries: Delivery[]): void {
    const touched = new Set<Destination>();
    for (const delivery of deliveries) {
      const destination = this.of(delivery.contact.domain);
      destination.add(delivery);
      touched.add(destination);
    }
    for (const destination of touched) destination.pump();
  }

  /** Begins no delivery any more. @returns when those that are running have ended and no connection is left */
  async drain(): Promise<void> {
    await Promise.all(Array.from(this.byDomain.values(), (destination) => destination.drain()));
  }

  /** What a delivery that is due waits for, for people. */
  waitsFor(delivery: Delivery): string {
    return this.byDomain.get(delivery.contact.domain)?.waitsFor(delivery) ?? 'an attempt that is due';
  }

  private of(domain: string): Destination {
    let destination = this.byDomain.get(domain);
    if (!destination) {
      destination = new Destination(domain, this.destinationOptions());
      this.byDomain.set(domain, destination);
    }
    return destination;
  }

  private destinationOptions(): DestinationOptions {
    const { clock, resolver, dialer, limits, timeouts, settlement, returnPaths, random, policy, tell } =
      this.options;
    const { clientName = 'sender.example' } = this.options;
    return {
      clock,
      resolver,
      limits: { ...DEFAULT_LIMITS, ...limits },
      random,
      care: policy.destination,
      tell,
      session: { clock, dialer, clientName, timeouts: { ...DEFAULT_TIMEOUTS, ...timeouts } },
      envelopeFrom: (delivery) =>
        (delivery.returnPath ??= returnPaths.of(delivery.mailing.name, delivery.contact.key)),
      render: (delivery) => this.composers.get(delivery.mailing)!.render(delivery.contact),
      begun: (delivery, startedAt, host) => settlement.begun(delivery, startedAt, host),
      finalDot: (delivery) => settlement.finalDot(delivery),
      attempted: (delivery, result) => settlement.attempted(delivery, result),
      edgeOf: (delivery) => settlement.edgeOf(delivery),
      expired: (delivery) => settlement.expired(delivery),
      uncharged: (delivery) => settlement.uncharged(delivery),
      broken: (error) =>
        void clock.after(0, () => {
          throw error;
        }),
    };
  }
}
