// What a scenario needs of whatever sends: ours, or a module of somebody else's. The run plays against
// this and does not know which of the two it is.

import type { Trigger } from '../../sender/automation.js';
import type { SenderFault } from '../../judge/fault.js';
import type { MailingFigures } from '../../sender/figures.js';
import type { ContactPlan, EventPlan, MailingPlan } from '../../scenarios/plan.js';
import type { SenderProcess } from './sender-process.js';

/** What people do to a sender, or to its machine. */
export type SenderEvent = Exclude<EventPlan, { action: 'set' | 'bounce' }>;

export interface SenderUnderTest {
  /** Resolves when it can take orders. */
  start(): Promise<void>;
  /** Gets the audience of the start. */
  addContacts(contacts: readonly ContactPlan[]): void;
  send(mailing: MailingPlan): void;
  /** Takes up an automated mailing. A sender that cannot is given none: such a scenario is refused. */
  automate?(mailing: MailingPlan, trigger: Trigger): void;
  apply(event: SenderEvent): void;
  /** What each delivery in progress waits for when nothing is left to happen; for the message of a deadlock. */
  waiting(): string[];
  /** What it says of a mailing itself; a sender that cannot be asked says nothing. */
  response?(mailing: string): MailingFigures | undefined;
  /** Why there is nothing to be learned from going on; undefined while all is well. */
  fault(): SenderFault | undefined;
  /** Something was thrown in the middle of the run. @returns whether that is its fault, told by `fault` */
  threw(error: unknown): boolean;
  close(): void;
}

/** The project's own sender. Its faults are ours, and are thrown. */
export class OwnSender implements SenderUnderTest {
  constructor(private readonly process: SenderProcess) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  addContacts(contacts: readonly ContactPlan[]): void {
    this.process.ask((sender) => {
      for (const contact of contacts) sender.addContact(contact);
    });
  }

  send({ name, kind, message, to, buildingMs }: MailingPlan): void {
    this.process.ask(
      (sender) => void sender.send({ name, kind, message, ...(to ? { to } : {}) }, buildingMs),
    );
  }

  automate({ name, message, to, buildingMs, at: startsAt }: MailingPlan, trigger: Trigger): void {
    const order = { name, trigger, message, buildingMs, startsAt, ...(to ? { to } : {}) };
    this.process.order((sender) => sender.automate(order));
  }

  apply(event: SenderEvent): void {
    switch (event.action) {
      case 'opt-out':
        return this.process.ask((sender) => sender.optOut(event.address, 'contact'));
      case 'reactivate':
        return this.process.ask(
          (sender) => void sender.reactivate({ addresses: [event.address] }, event.by, event.reason),
        );
      case 'subscribe':
        return this.process.ask((sender) => sender.subscribe(event.address));
      case 'add':
        return this.process.ask((sender) => void sender.addContact({ address: event.address }));
      case 'crash':
        return this.process.crash(event.restartMs);
    }
  }

  waiting(): string[] {
    return this.process.waiting();
  }

  response(mailing: string): MailingFigures | undefined {
    return this.process.response(mailing);
  }

  fault(): undefined {
    return undefined;
  }

  threw(): boolean {
    return false;
  }

  close(): void {}
}
