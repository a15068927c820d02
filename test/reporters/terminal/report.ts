// Runs the terminal reporter on given results, for the tests of its output.

import type { RunStart } from '../../../src/reporters/reporter.js';
import { TerminalReporter, type RealTime } from '../../../src/reporters/terminal/terminal.js';
import type { RunResult, ScenarioResult } from '../../../src/results/result.js';
import { ended, failure, runOf, scenario, screen } from '../samples.js';

export const START: RunStart = {
  total: 2,
  workers: 2,
  seed: null,
  reportDir: 'reports/20261123-094512-ab12cd',
};

/** A real clock that a test advances. */
export function fakeTime(): RealTime & { pass(ms: number): void; running(): number } {
  let now = 0;
  const timers = new Set<{ fn: () => void; every: number; next: number }>();
  return {
    now: () => now,
    every(fn, ms) {
      const timer = { fn, every: ms, next: now + ms };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].filter((timer) => timer.next <= end).sort((a, b) => a.next - b.next)[0];
        if (!next) break;
        now = next.next;
        next.next += next.every;
        next.fn();
      }
      now = end;
    },
    running: () => timers.size,
  };
}

/** Reports the results of a run and returns the screen. */
export function report(
  scenarios: ScenarioResult[],
  options: { width?: number; color?: boolean; run?: Partial<RunResult> } = {},
) {
  const out = screen({ width: options.width ?? 100, color: options.color ?? false });
  const reporter = new TerminalReporter(out, fakeTime());
  reporter.onRunStart({ ...START, total: scenarios.length });
  for (const one of scenarios) {
    reporter.onScenarioStart({ file: one.file, name: one.name });
    reporter.onScenarioEnd(ended(one));
  }
  reporter.onRunEnd(runOf(scenarios, options.run));
  return out;
}

/** A failed scenario with a failure that has details and a hint. */
export const failed = scenario({
  status: 'failed',
  failures: [failure({ details: ['bob@yahoo.com: queued'], hint: 'look' })],
});
