// What a run needs of its sender. A run plays against this interface and does not know whether the sender is
// the built-in one or an external module.

import type { Trigger } from '../../sender/automation.js';
import type { SenderFault } from '../../judge/fault.js';
import type { MailingFigures } from '../../sender/figures.js';
import type { ContactPlan, EventPlan, MailingPlan } from '../../scenarios/plan.js';

/** Events of a scenario that concern the sender: changes of contacts, and crashes. */
export type SenderEvent = Exclude<EventPlan, { action: 'set' | 'bounce' }>;

export interface RunSender {
  /** Resolves when it can take contacts and mailings. */
  start(): Promise<void>;
  /** Adds the audience at the start of the run. */
  addContacts(contacts: readonly ContactPlan[]): void;
  send(mailing: MailingPlan): void;
  /** Sets up an automated mailing. Absent in a sender that has none: such a scenario is refused when it is loaded. */
  automate?(mailing: MailingPlan, trigger: Trigger): void;
  apply(event: SenderEvent): void;
  /** For the message of a deadlock: what each delivery in progress waits for when no timer is left. */
  waiting(): string[];
  /** The sender's own figures of a mailing, to be compared with those of the events. */
  response?(mailing: string): MailingFigures | undefined;
  /** Why the run must end here; undefined as long as the sender works. */
  fault(): SenderFault | undefined;
  /** Called with an error that was thrown during the run. @returns whether it is the sender's fault, which `fault` then returns */
  threw(error: unknown): boolean;
  close(): void;
}
