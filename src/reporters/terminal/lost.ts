// The part of the terminal summary about contacts lost to a cause that is not theirs: the largest groups of a
// run, each with the reply of the server. Example: a 554 greeting that gives a whole domain status error.

import type { LostGroup, RunResult, ScenarioResult } from '../../results/result.js';
import { plural, thousands } from '../figures.js';
import { truncate, wrap } from './layout.js';
import { title, type Colors } from './lines.js';
import { terminalLine } from '../text.js';

const GROUPS_MAX = 5;
const LINE_COLUMNS = 120;
const SAID_COLUMNS_MAX = 80;

/**
 * @returns no lines when there are no such contacts, or only in scenarios that expect them
 */
export function lostLines(run: RunResult, columns: number, colors: Colors): string[] {
  const scenarios = run.scenarios.filter(({ lost }) => lost.notTheirs > 0 && !lost.expected);
  const total = scenarios.reduce((sum, { lost }) => sum + lost.notTheirs, 0);
  if (total === 0) return [];
  const groups = scenarios
    .flatMap((scenario) => scenario.lost.groups.map((group) => ({ scenario, group })))
    .sort((a, b) => b.group.contacts - a.group.contacts);
  const shown = groups.slice(0, GROUPS_MAX);
  const width = Math.min(columns, LINE_COLUMNS);
  const head = `${plural(total, 'contact')} lost to a cause that is not theirs`;
  const lines = wrap(head, width).map((line) => colors.bold(colors.yellow(line)));
  for (const { scenario, group } of shown) {
    for (const line of wrap(groupText(scenario, group), width - 2)) lines.push(`  ${line}`);
  }
  const named = shown.reduce((sum, { group }) => sum + group.contacts, 0);
  if (total > named) lines.push(colors.dim(`  and ${thousands(total - named)} more: run.json has them`));
  return lines;
}

function groupText(
  scenario: ScenarioResult,
  { contacts, domain, cause, stage, said, why }: LostGroup,
): string {
  const words =
    said === undefined ? '' : ` by "${truncate(terminalLine(said), SAID_COLUMNS_MAX)}" at ${stage}`;
  const how = why === 'hard-bounce' ? `${cause}${words}` : `${cause}, soft bounces in a row${words}`;
  return `${plural(contacts, 'contact')} at ${terminalLine(domain)}: ${how} (${title(scenario)})`;
}
