// Plans and an executor for tests that are not about what happens inside a scenario.

import type { Executor } from '../../src/runner/executors/executor.js';
import type { ScenarioPlan } from '../../src/scenarios/plan.js';
import type { ScenarioResult, ScenarioStatus } from '../../src/results/result.js';

export function plan(name: string, change: Partial<ScenarioPlan> = {}): ScenarioPlan {
  return {
    file: `${name}.yaml`,
    name,
    description: '',
    tags: [],
    seed: '42',
    policy: {
      name: 'emma',
      retry: {
        intervalsMs: [1_800_000],
        jitter: 0,
        attempts: { counting: 'per-class', replied: 4, unreachable: null },
        windowMs: 108_000_000,
        overrunMs: 0,
        windowFrom: 'mailing-start',
      },
      bounce: { hard: 'any-5xx', softBouncesToError: 4, overrides: [] },
    },
    wire: 'memory',
    store: 'memory',
    network: { latencyMs: 20 },
    fleet: {},
    contacts: [],
    mailings: [],
    events: [],
    expectations: [],
    ...change,
  };
}

export function resultOf(played: ScenarioPlan, status: ScenarioStatus = 'passed'): ScenarioResult {
  return {
    file: played.file,
    name: played.name,
    status,
    seed: played.seed,
    policy: played.policy.name,
    wire: played.wire,
    wallMs: 1,
    virtualMs: 3_600_000,
    fingerprint: 'f00d',
    failures:
      status === 'passed'
        ? []
        : [{ file: played.file, line: 1, column: 1, message: `it is ${status}`, expected: '1', actual: '2' }],
    attempts: 0,
    mailings: {},
    statuses: { active: 0, error: 0, optOut: 0 },
    lost: { total: 0, notTheirs: 0, causes: {}, expected: false, groups: [] },
    servers: {},
    warnings: [],
  };
}

/** Plays each scenario by calling a function of the test. */
export class FakeExecutor implements Executor {
  readonly workers: number;
  readonly played: string[] = [];
  stops = 0;
  private readonly stopping: (() => void)[] = [];

  constructor(
    private readonly act: (
      ...args: Parameters<Executor['play']>
    ) => ScenarioResult | undefined | Promise<ScenarioResult | undefined>,
    workers = 1,
  ) {
    this.workers = workers;
  }

  async play(...args: Parameters<Executor['play']>): Promise<ScenarioResult | undefined> {
    const [job] = args;
    if (this.stops > 0) return undefined;
    this.played.push(job.plan.name);
    const stopped = new Promise<undefined>((resolve) => this.stopping.push(() => resolve(undefined)));
    return Promise.race([this.act(...args), stopped]);
  }

  stop(): Promise<void> {
    this.stops++;
    for (const stop of this.stopping) stop();
    return Promise.resolve();
  }
}
