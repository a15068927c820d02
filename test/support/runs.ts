// Runs a plan in this thread and keeps all its events, with the questions that tests ask of them.

import type { EventOf, FactType, RunEvent } from '../../src/events/types.js';
import type { ScenarioPlan } from '../../src/scenarios/plan.js';
import type { MailingResult, ScenarioResult } from '../../src/results/result.js';
import { runScenario, type RunScenarioOptions } from '../../src/runner/run.js';
import { plan, type PlanSketch } from './plans.js';

/** The events of a run and what can be asked of them. */
export class Events {
  constructor(readonly all: readonly RunEvent[]) {}

  of<T extends FactType>(type: T): EventOf<T>[] {
    return this.all.filter((event): event is EventOf<T> => event.type === type);
  }

  /** Attempts of one address, as the sender logged them. */
  attempts(address: string, mailing?: string): EventOf<'attempt'>[] {
    return this.of('attempt').filter(
      (event) => event.address === address && (mailing === undefined || event.mailing === mailing),
    );
  }

  /** How the deliveries of one address ended. */
  ends(address: string): EventOf<'delivery.ended'>[] {
    return this.of('delivery.ended').filter((event) => event.address === address);
  }

  /** Times at which a server read RCPT for the address, ms since the start of the run. */
  rcptTimes(address: string): number[] {
    return this.commands('RCPT').flatMap(({ line, t }) => (line.includes(`<${address}>`) ? [t] : []));
  }

  /** Commands whose line begins with a verb, as the servers read them. */
  commands(verb: string): EventOf<'smtp.command'>[] {
    return this.of('smtp.command').filter(({ line }) => line.toUpperCase().startsWith(verb));
  }

  /** Messages that servers took for the address. */
  accepted(address: string): EventOf<'message.accepted'>[] {
    return this.of('message.accepted').filter(({ rcpt }) => rcpt === address);
  }

  /** Most connections open at once, as the servers saw them event by event. */
  get peakConnections(): number {
    let open = 0;
    let peak = 0;
    for (const { type } of this.all) {
      if (type === 'connection.opened') peak = Math.max(peak, ++open);
      if (type === 'connection.closed') open--;
    }
    return peak;
  }
}

export interface Ran {
  result: ScenarioResult;
  events: Events;
  /** The result of the mailing `news`, or of another. */
  mailing(name?: string): MailingResult;
}

/** Runs a sketch of a plan to its end. */
export async function run(sketch: PlanSketch, options: RunScenarioOptions = {}): Promise<Ran> {
  return runPlan(plan(sketch), options);
}

export async function runPlan(scenario: ScenarioPlan, options: RunScenarioOptions = {}): Promise<Ran> {
  const all: RunEvent[] = [];
  const result = await runScenario(scenario, { ...options, onEvent: (event) => all.push(event) });
  return {
    result,
    events: new Events(all),
    mailing(name = 'news') {
      const mailing = result.mailings[name];
      if (!mailing) throw new Error(`no mailing ${name}`);
      return mailing;
    },
  };
}
