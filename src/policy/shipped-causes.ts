// The rules that ship: classification/causes.yaml, read when the first refusal has to be understood.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { shippedPath } from '../base/package-root.js';
import { CauseTable, nativeSearch, type CauseRule } from './cause-rules.js';

const SHIPPED = shippedPath('classification/causes.yaml');

let table: CauseTable | undefined;

/** The table that every sender has. */
export function shippedCauses(): CauseTable {
  table ??= new CauseTable(shippedCauseRules(), nativeSearch);
  return table;
}

/** Its rules. A test holds that the file is what the schema of such files wants, so that it is not checked here. */
export function shippedCauseRules(): CauseRule[] {
  const { causes } = parse(readFileSync(SHIPPED, 'utf8')) as { causes: Record<string, unknown>[] };
  return causes.map(({ cause, why: _why, ...conditions }) => {
    const lists = Object.entries(conditions).map(([key, value]) => [key, [value].flat().map(String)]);
    return { cause, ...Object.fromEntries(lists) } as CauseRule;
  });
}
