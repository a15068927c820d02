// A baseline: the results of a run as they are kept in git, and the differences between two of them. It
// contains sorted figures only, and none that differs from run to run or from machine to machine.

import type { RunResult, ScenarioResult, ServerFigures, MailingResult } from '../result.js';

/** Version of the format that this program reads and writes. */
export const BASELINE_FORMAT = 1;

type Value = string | number | boolean | null | Values;
export interface Values {
  [key: string]: Value;
}

export interface Baseline {
  /** Files and folders on the command line: a run with the same inputs and no filter is a whole run. */
  inputs: string[];
  /** By file. */
  scenarios: Record<string, Values>;
}

/** The differences of one scenario; `before` or `after` is absent where that side has no value. */
export interface ScenarioDifference {
  file: string;
  name: string;
  kind: 'changed' | 'missing' | 'new';
  figures: { path: string; before?: Value; after?: Value }[];
}

/** The baseline of a run. */
export function baselineOf(run: RunResult, inputs: readonly string[]): Baseline {
  const scenarios = run.scenarios
    .filter(isRecordable)
    .map((result) => [result.file, recordOf(result)] as const);
  return { inputs: [...inputs].sort(), scenarios: Object.fromEntries(scenarios) };
}

/** Whether a result belongs in a baseline: only a scenario that ran to its end has one. */
export function isRecordable({ status }: ScenarioResult): boolean {
  return status === 'passed' || status === 'failed';
}

function recordOf(result: ScenarioResult): Values {
  const { name, status, seed, policy, wire, attempts, mailings, statuses, lost, servers } = result;
  return {
    name,
    status,
    seed,
    policy,
    wire,
    attempts,
    statuses: { ...statuses },
    lost: { total: lost.total, notTheirs: lost.notTheirs, causes: { ...lost.causes } },
    mailings: mapped(mailings, mailingRecord),
    servers: mapped(servers, serverRecord),
  };
}

function mailingRecord({ lost, bounced, placement, causes, series, ...figures }: MailingResult): Values {
  return {
    ...figures,
    ...(series === undefined ? {} : { series }),
    bounced: { ...bounced },
    placement: { ...placement },
    causes: { ...causes },
    lost: { total: lost.total, notTheirs: lost.notTheirs },
  };
}

function serverRecord(figures: ServerFigures): Values {
  const { connections, peakConnections, refused, accepted, tls, replies } = figures;
  return { connections, peakConnections, refused, accepted, tls, replies: { ...replies } };
}

function mapped<T>(all: Record<string, T>, record: (one: T) => Values): Values {
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, record(one)]));
}

/**
 * @param isWhole all scenarios ran: then a scenario on one side only is a difference
 * @param unknown files that ran without a result; they are not missing
 */
export function differences(
  before: Baseline,
  after: Baseline,
  isWhole: boolean,
  unknown: ReadonlySet<string> = new Set(),
): ScenarioDifference[] {
  const files = [...new Set([...Object.keys(before.scenarios), ...Object.keys(after.scenarios)])].sort();
  return files.flatMap((file): ScenarioDifference[] => {
    const [old, now] = [before.scenarios[file], after.scenarios[file]];
    const named = (now ?? old)!['name'];
    const name = typeof named === 'string' ? named : file;
    if (!old || !now) {
      if (!isWhole || unknown.has(file)) return [];
      return [{ file, name, kind: old ? 'missing' : 'new', figures: [] }];
    }
    const figures = figureDifferences(flat(old), flat(now));
    return figures.length > 0 ? [{ file, name, kind: 'changed', figures }] : [];
  });
}

function figureDifferences(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): ScenarioDifference['figures'] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({
      path,
      ...(before.has(path) && { before: before.get(path)! }),
      ...(after.has(path) && { after: after.get(path)! }),
    }));
}

/** `mailings.november.delivered` and its value, for every value. */
function flat(values: Values, prefix = '', into = new Map<string, Value>()): Map<string, Value> {
  for (const [key, value] of Object.entries(values)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof value === 'object' && value !== null) flat(value, path, into);
    else into.set(path, value);
  }
  return into;
}
