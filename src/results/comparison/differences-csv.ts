// The contacts that do not end the same under all policies as CSV: one row for each contact of a scenario,
// with its status and the ends of its deliveries under each policy.

import { csvField } from '../contacts-file.js';
import type { Ends } from './ends.js';

const ROWS_AT_ONCE = 10_000;

/** The first line: `address`, `scenario`, and two columns for each policy. */
export function differencesHeader(policies: readonly string[]): string {
  const columns = policies.flatMap((policy) => [`${policy} status`, `${policy} deliveries`]);
  return `${['address', 'scenario', ...columns].map(csvField).join(',')}\n`;
}

/** The rows of one scenario, in blocks of whole lines. */
export function* differencesCsv(
  scenario: string,
  contacts: ReturnType<Ends['differing']>,
): Generator<string> {
  let rows: string[] = [];
  for (const { address, statuses, deliveries } of contacts) {
    const ends = statuses.flatMap((status, policy) => [status, deliveries[policy]!]);
    rows.push(`${[address, scenario, ...ends].map(csvField).join(',')}\n`);
    if (rows.length < ROWS_AT_ONCE) continue;
    yield rows.join('');
    rows = [];
  }
  yield rows.join('');
}
