// The results of a run as they are kept in git: figures only, sorted, without anything that differs from
// run to run or from machine to machine. And how two of them differ.

import type { RunResult, ScenarioResult, ServerFigures, MailingResult } from '../result.js';

/** Version of the format that this program reads and writes. */
export const BASELINE_FORMAT = 1;

type Value = string | number | boolean | null | Values;
export interface Values {
  [key: string]: Value;
}

export interface Baseline {
  /** What was named on the command line; the same inputs again, and nothing left out, are the whole set. */
  inputs: string[];
  /** By file. */
  scenarios: Record<string, Values>;
}

/** What differs of one scenario; a side that is absent was not there. */
export interface ScenarioDifference {
  file: string;
  name: string;
  kind: 'changed' | 'missing' | 'new';
  figures: { path: string; before?: Value; after?: Value }[];
}

/** What a baseline keeps of a run. */
export function baselineOf(run: RunResult, inputs: readonly string[]): Baseline {
  const scenarios = run.scenarios
    .filter(isRecordable)
    .map((result) => [result.file, recordOf(result)] as const);
  return { inputs: [...inputs].sort(), scenarios: Object.fromEntries(scenarios) };
}

/** Whether a result says what the scenario comes to: one that did not end does not. */
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
 * @param isWhole whether all scenarios ran: then one that is on one side only is a difference
 * @param unknown files that ran and came to no result; they are not missing
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
