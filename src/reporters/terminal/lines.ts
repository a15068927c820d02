// The lines of the terminal reporter other than failures: one per scenario, and the summary.
// Pure functions of a result and a width.

import type pc from 'picocolors';
import type { Failure, RunResult, ScenarioResult, ScenarioStatus } from '../../results/result.js';
import { comparison } from '../comparison.js';
import { deliveryCounts, plural, skippedByReason, thousands, virtualTime, wallTime } from '../figures.js';
import { displayWidth, pad, truncate, wrap } from './layout.js';
import type { RunStart } from '../reporter.js';
import { terminalLine } from '../text.js';

export type Colors = ReturnType<typeof pc.createColors>;

/** Longest line even in a wider window, so that counts stay near the name they belong to. */
const LINE_COLUMNS = 120;
/** In a narrower window counts are left out, so that the name has room. */
const COUNTS_FROM = 70;
const NAME_COLUMNS_MIN = 30;
const TIME_COLUMNS = 6;
/** Unfinished scenarios listed for an interrupted run; run.json has all of them. */
const UNFINISHED_MAX = 8;

/** The mark of a status, in its color. */
export function mark(status: ScenarioStatus, colors: Colors): string {
  if (status === 'passed') return colors.green('✓');
  if (status === 'skipped') return colors.dim('-');
  return status === 'failed' ? colors.red('✗') : colors.yellow('!');
}

/** Theme and name: `outages › Yahoo is down`. The theme is the folder of the file, unless that is the topmost one. */
export function title(result: ScenarioResult): string {
  const theme = result.file.split('/').slice(1, -1).at(-1);
  const name = terminalLine(result.name);
  return theme === undefined || theme === '..' ? name : `${terminalLine(theme)} › ${name}`;
}

/** One line for one scenario, no wider than `columns`; counts and time are at its right end. */
export function scenarioLine(result: ScenarioResult, columns: number, colors: Colors): string {
  const time = (['invalid', 'skipped'].includes(result.status) ? '' : wallTime(result.wallMs)).padStart(
    TIME_COLUMNS,
  );
  const remark = scenarioRemark(result);
  const room = Math.min(columns, LINE_COLUMNS) - 2 - time.length - 2;
  // Without enough room, the counts are left out first, then the theme, then the end of the name.
  const roomBesideRemark = room - displayWidth(remark) - 2;
  const remarkFits = columns >= COUNTS_FROM && remark !== '' && roomBesideRemark >= NAME_COLUMNS_MIN;
  const nameRoom = remarkFits ? roomBesideRemark : room;
  const whole = title(result);
  const name = truncate(displayWidth(whole) <= nameRoom ? whole : terminalLine(result.name), nameRoom);
  const parts = [`${mark(result.status, colors)} ${pad(name, nameRoom)}`];
  if (remarkFits) parts.push(isFine(result) ? colors.dim(remark) : colors.yellow(remark));
  if (time.trim() !== '') parts.push(colors.dim(time));
  return parts.join('  ');
}

/** Whether a result is none that a person must look at. */
export function isFine({ status }: ScenarioResult): boolean {
  return status === 'passed' || status === 'skipped';
}

function scenarioRemark(result: ScenarioResult): string {
  switch (result.status) {
    case 'passed':
      return deliveryCounts(result);
    case 'failed':
      return failureRemark(result.failures);
    case 'invalid':
      return `invalid: ${plural(result.failures.length, 'problem')}`;
    case 'inconclusive':
      return 'inconclusive';
    case 'error':
      return 'internal error';
    case 'skipped':
      return 'skipped';
  }
}

/** The most serious kind of failure, in a few words. */
function failureRemark(failures: readonly Failure[]): string {
  if (failures.some((failure) => comparison(failure) === '')) return 'sender at fault';
  if (failures.some(({ invariant }) => invariant === 'determinism')) return 'two runs differ';
  const broken = failures.filter(({ invariant }) => invariant !== undefined).length;
  return broken > 0
    ? `${plural(broken, 'invariant')} broken`
    : `${plural(failures.length, 'expectation')} not met`;
}

/** The summary of a run. Its first line always has the form `N passed, N failed`, for tools to parse. */
export function summaryLines(run: RunResult, start: RunStart, columns: number, colors: Colors): string[] {
  const passed = `${run.passed} passed`;
  const failed = `${run.failed} failed`;
  const lines = [
    `${run.passed > 0 ? colors.green(passed) : passed}, ${run.failed > 0 ? colors.red(failed) : failed}`,
  ];
  const others = otherCounts(run, start);
  if (others !== '') lines.push(colors.yellow(others));
  lines.push(...skippedLines(run, columns, colors));
  if (run.interrupted) {
    lines.push(
      colors.yellow(`interrupted: ${run.scenarios.length} of ${start.total} ran, the report is partial`),
    );
    for (const { name } of run.unfinished.slice(0, UNFINISHED_MAX))
      lines.push(colors.yellow(truncate(`  not finished: ${terminalLine(name)}`, columns)));
    const more = run.unfinished.length - UNFINISHED_MAX;
    if (more > 0) lines.push(colors.yellow(`  and ${more} more`));
  }
  lines.push(`${virtualTime(run.virtualMs)} virtual time in ${wallTime(run.wallMs)}`);
  // Not cut to the width, so that the path can be copied.
  lines.push(`${columns >= COUNTS_FROM ? 'report: ' : ''}${colors.cyan(terminalLine(start.reportDir))}`);
  return lines;
}

/** How many scenarios were skipped, by reason; a warning when none is left. */
function skippedLines(run: RunResult, columns: number, colors: Colors): string[] {
  const lines = skippedByReason(run).flatMap(([reason, count]) =>
    wrap(terminalLine(`${thousands(count)} skipped: ${reason}`), columns),
  );
  if (run.skipped === 0 || run.skipped < run.scenarios.length) return lines;
  return [...lines, colors.yellow('no scenario was judged')];
}

function otherCounts(run: RunResult, start: RunStart): string {
  const count = (status: ScenarioStatus): number =>
    run.scenarios.filter((one) => one.status === status).length;
  const notRun = run.interrupted ? 0 : start.total - run.scenarios.length;
  return [
    [count('invalid'), 'invalid'],
    [count('inconclusive'), 'inconclusive'],
    [count('error'), 'with an internal error'],
    [notRun, 'not run'],
  ]
    .filter(([number]) => number !== 0)
    .map(([number, what]) => `${number} ${what}`)
    .join(', ');
}
