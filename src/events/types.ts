// The vocabulary of a run. Every fact is one event; expectations, reports and replay read events and
// nothing else. Times are virtual milliseconds since the start of the run. Words, causes and most facts
// have files of their own; the other folders import this one.

import type { SenderFact } from './sender-facts.js';
import type { ServerFact } from './server-facts.js';

export * from './causes.js';
export * from './words.js';
export type { TriedHost } from './sender-facts.js';

interface RunStarted {
  type: 'run.started';
  /** Version of the event format. */
  format: 1;
  scenario: string;
  seed: string;
  policy: string;
  wire: string;
}
interface RunEnded {
  type: 'run.ended';
  /** `deadlock`: deliveries are in progress and no timer is left that could end them. */
  reason: 'idle' | 'deadlock' | 'horizon';
}
/** Virtual time moved by a second or more without an event. */
interface ClockJumped {
  type: 'clock.jumped';
  from: number;
}

/** A scenario event was applied: an action of a person, or a change of the fleet. */
interface ScenarioEvent {
  type: 'scenario.event';
  action: string;
  subject: string;
}

/** One fact as it is handed to the log, which adds `seq` and `t`. */
export type Fact = RunStarted | RunEnded | ClockJumped | ScenarioEvent | ServerFact | SenderFact;

/** One event of a run. `seq` counts from 0 without gaps; `t` is virtual ms since the start. */
export type RunEvent = Fact & { seq: number; t: number };

export type FactType = Fact['type'];

/** The fact of one type, or of several. */
export type FactOf<T extends FactType> = Extract<Fact, { type: T }>;

/** The event of one type, or of several. */
export type EventOf<T extends FactType> = Extract<RunEvent, { type: T }>;

/** Hands a fact to the log. The sender and the simulator know nothing else of the log. */
export type Emit = (fact: Fact) => void;
