// The shipped rules: classification/causes.yaml, read when the first refusal is classified.

import { readFileSync } from 'node:fs';
import { LineCounter, parse, parseDocument, type YAMLSeq } from 'yaml';
import { shippedPath } from '../base/package-root.js';
import { invariant } from '../base/errors.js';
import { CauseTable, nativeSearch, type CauseRule } from './cause-rules.js';

const FILE = 'classification/causes.yaml';
const SHIPPED = shippedPath(FILE);

let table: CauseTable | undefined;

/** The compiled rules, shared by all senders of a process. */
export function shippedCauses(): CauseTable {
  table ??= new CauseTable(shippedCauseRules(), nativeSearch);
  return table;
}

/** The rules as data. The file is not checked here: a test checks it against the schema. */
export function shippedCauseRules(): CauseRule[] {
  const { causes } = parse(readFileSync(SHIPPED, 'utf8')) as { causes: Record<string, unknown>[] };
  return causes.map(({ cause, why: _why, ...conditions }) => {
    const lists = Object.entries(conditions).map(([key, value]) => [key, [value].flat().map(String)]);
    return { cause, ...Object.fromEntries(lists) } as CauseRule;
  });
}

/** Where a shipped rule is written, and the reply that made it necessary. */
export interface RuleOrigin {
  /** Path in the package. */
  file: string;
  /** From 1. */
  line: number;
  why: string;
}

/** @param index of the rule in its file, from 0 */
export function originOfShipped(index: number): RuleOrigin {
  const lineCounter = new LineCounter();
  const document = parseDocument(readFileSync(SHIPPED, 'utf8'), { lineCounter });
  const item = (document.get('causes') as YAMLSeq).items[index] as { range?: [number] } | undefined;
  invariant(item?.range, `${FILE} has a rule ${index}`);
  return {
    file: FILE,
    line: lineCounter.linePos(item.range[0]).line,
    why: (document.getIn(['causes', index, 'why']) as string | undefined) ?? '',
  };
}
