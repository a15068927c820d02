// Adapts the built-in sender to the interface that a run needs: its requests go to a process that may be down
// after a crash.

import type { Trigger } from '../../sender/automation.js';
import type { MailingFigures } from '../../sender/figures.js';
import type { ContactPlan, MailingPlan } from '../../scenarios/plan.js';
import type { RunSender, SenderEvent } from './run-sender.js';
import type { SenderProcess } from './sender-process.js';

/** A fault of it is a bug of Bouncelab, and is thrown. */
export class BuiltInSender implements RunSender {
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
    const automation = { name, trigger, message, buildingMs, startsAt, ...(to ? { to } : {}) };
    this.process.askEach((sender) => sender.automate(automation));
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
