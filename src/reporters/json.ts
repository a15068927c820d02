// The `json` reporter: run.json on standard output, and nothing else.

import type { RunResult } from '../results/result.js';
import type { Reporter } from './reporter.js';

/** @param write receives the text, in parts */
export function jsonReporter(write: (text: string) => void): Reporter {
  return {
    onRunEnd(run) {
      for (const part of runJson(run)) write(part);
    },
  };
}

/** The text of `run.json` in parts, one for each scenario: together they may be longer than a string can be. */
export function* runJson(run: RunResult): Generator<string, void, undefined> {
  yield* jsonParts(run, 2);
  yield '\n';
}

/** The same on one line, without an end of line. */
export function compactRunJson(run: RunResult): Generator<string, void, undefined> {
  return jsonParts(run, 0);
}

function* jsonParts(run: RunResult, space: 0 | 2): Generator<string, void, undefined> {
  const text = JSON.stringify({ ...run, scenarios: [] }, null, space);
  if (run.scenarios.length === 0) return yield text;
  const none = space === 0 ? '"scenarios":[]' : '"scenarios": []';
  const end = text.indexOf(none) + none.length;
  const [line, last] = space === 0 ? ['', ''] : ['\n    ', '\n  '];
  yield text.slice(0, end - 1);
  for (const [index, scenario] of run.scenarios.entries()) {
    const json = JSON.stringify(scenario, null, space);
    yield `${index === 0 ? '' : ','}${line}${json.replaceAll('\n', '\n    ')}`;
  }
  yield `${last}]${text.slice(end)}`;
}
