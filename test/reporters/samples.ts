// Sample results for tests of reporters: small and complete, with optional changes.

import { junitXml } from '../../src/reporters/junit.js';
import type { ScenarioEnd } from '../../src/reporters/reporter.js';
import type { Screen } from '../../src/reporters/terminal/screen.js';
import type { Failure, RunResult, ScenarioResult } from '../../src/results/result.js';

export function scenario(change: Partial<ScenarioResult> = {}): ScenarioResult {
  return {
    file: 'scenarios/outages/yahoo.yaml',
    name: 'Yahoo is down for six hours',
    status: 'passed',
    seed: '42',
    policy: 'emma',
    wire: 'memory',
    wallMs: 412,
    virtualMs: 108_000_000,
    fingerprint: 'f00d',
    failures: [],
    attempts: 0,
    mailings: {
      november: {
        kind: 'standard',
        state: 'completed',
        recipients: 1004,
        delivered: 1000,
        inProgress: 0,
        bounced: { soft: 3, hard: 1 },
        unattempted: 0,
        withdrawn: 0,
        placement: { inbox: 0, junk: 0, discarded: 0, returned: 0 },
        possibleDuplicates: 0,
        lateBounces: 0,
        startedAt: 5000,
        completedAt: 108_000_000,
        causes: { 'user-unknown': 1 },
        lost: { total: 1, notTheirs: 0, causes: { 'user-unknown': 1 } },
      },
    },
    statuses: { active: 1003, error: 1, optOut: 0 },
    lost: { total: 1, notTheirs: 0, causes: { 'user-unknown': 1 }, expected: false, groups: [] },
    servers: {},
    warnings: [],
    ...change,
  };
}

export function failure(change: Partial<Failure> = {}): Failure {
  return {
    file: 'scenarios/outages/yahoo.yaml',
    line: 3,
    column: 17,
    message: 'november: delivered is not what was expected',
    expected: '1000',
    actual: '999',
    ...change,
  };
}

export const SOURCE =
  'expect:\n  - at: end\n    november: { delivered: 1000 }\n    statuses: { active: 1 }\n';

export function ended(result: ScenarioResult, source = SOURCE): ScenarioEnd {
  return {
    result,
    sources: new Map([[result.file, source]]),
    repeat: `bouncelab run ${result.file} --seed ${result.seed}`,
  };
}

export function runOf(scenarios: ScenarioResult[], change: Partial<RunResult> = {}): RunResult {
  const count = (status: string): number => scenarios.filter((one) => one.status === status).length;
  return {
    version: '0.1.0',
    seed: null,
    startedAt: '2026-11-23T09:45:12.000Z',
    wallMs: 1800,
    virtualMs: scenarios.reduce((sum, { virtualMs }) => sum + virtualMs, 0),
    passed: count('passed'),
    failed: count('failed'),
    errors: scenarios.length - count('passed') - count('failed') - count('skipped'),
    skipped: count('skipped'),
    interrupted: false,
    unfinished: [],
    scenarios,
    ...change,
  };
}

/** A screen that keeps what is written to it. */
export function screen(
  change: Partial<Screen> & { width?: number } = {},
): Screen & { text(): string; lines(): string[] } {
  let written = '';
  return {
    isTTY: false,
    color: false,
    columns: () => change.width ?? 100,
    write: (text) => {
      written += text;
    },
    text: () => written,
    lines: () => written.split('\n'),
    ...change,
  };
}

/** The whole text of `junit.xml`. */
export function xmlOf(run: RunResult): string {
  return [...junitXml(run)].join('');
}
