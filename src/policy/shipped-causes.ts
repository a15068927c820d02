// The shipped rules: classification/causes.yaml, read when the first refusal is classified.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { shippedPath } from '../base/package-root.js';
import { CauseTable, nativeSearch, type CauseRule } from './cause-rules.js';

const SHIPPED = shippedPath('classification/causes.yaml');

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
