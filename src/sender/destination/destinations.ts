// All destinations of a sender, each made when its first delivery is due.

import type { Delivery } from '../model/delivery.js';
import { Destination, type DestinationOptions } from './destination.js';

export class Destinations {
  private readonly byDomain = new Map<string, Destination>();

  constructor(private readonly options: DestinationOptions) {}

  /** Gives deliveries that are due to their destinations, all of one moment before any is begun. */
  take(deliveries: Delivery[]): void {
    const touched = new Set<Destination>();
    for (const delivery of deliveries) {
      const destination = this.of(delivery.contact.domain);
      destination.add(delivery);
      touched.add(destination);
    }
    for (const destination of touched) destination.pump();
  }

  /** Begins no further delivery. @returns when those that are running have ended and no connection is left */
  async drain(): Promise<void> {
    await Promise.all(Array.from(this.byDomain.values(), (destination) => destination.drain()));
  }

  /** What a delivery that is due waits for, for messages to people. */
  waitsFor(delivery: Delivery): string {
    return this.byDomain.get(delivery.contact.domain)?.waitsFor(delivery) ?? 'an attempt that is due';
  }

  private of(domain: string): Destination {
    let destination = this.byDomain.get(domain);
    if (!destination) {
      destination = new Destination(domain, this.options);
      this.byDomain.set(domain, destination);
    }
    return destination;
  }
}
