// The `markdown` reporter: a run as a comment or a CI job summary, with the verdict, lost contacts, failures
// with the commands that repeat them, and a folded table of all scenarios. The `github` reporter adds the
// same text to the job summary.

import type { Failure, RunResult, ScenarioResult, ScenarioStatus } from '../../results/result.js';
import { comparison } from '../comparison.js';
import { plural, skippedByReason, thousands, virtualTime, wallTime } from '../figures.js';
import { cellCode, codeBlock, codeSpan } from './text.js';
import type { Reporter, RunStart, ScenarioEnd } from '../reporter.js';

/** GitHub accepts a summary of up to 1 MiB; these limits keep it short enough to read. */
const TROUBLED_MAX = 30;
const FAILURES_MAX = 10;
const DETAILS_MAX = 10;
const GROUPS_MAX = 10;
const ROWS_MAX = 500;
const WARNINGS_MAX = 10;

const MARKS: Record<ScenarioStatus, string> = {
  passed: '✓',
  failed: '✗',
  inconclusive: '!',
  error: '!',
  invalid: '!',
  skipped: '-',
};

/** Collects results and passes the text to `write` at the end of the run. */
export class MarkdownReporter implements Reporter {
  private total = 0;
  private readonly repeats = new Map<ScenarioResult, string>();

  constructor(private readonly write: (text: string) => void) {}

  onRunStart({ total }: RunStart): void {
    this.total = total;
  }

  onScenarioEnd({ result, repeat }: ScenarioEnd): void {
    if (isTroubled(result)) this.repeats.set(result, repeat);
  }

  onRunEnd(run: RunResult): void {
    const total = Math.max(this.total, run.scenarios.length);
    const blocks = [
      headLines(run, total),
      lostLines(run),
      warningLines(run),
      ...troubled(run).map((result) => scenarioLines(result, this.repeats.get(result) ?? '')),
      leftOutLines(run),
      skippedLines(run),
      tableLines(run),
    ];
    const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
    this.write(`${text.join('\n\n')}\n`);
  }
}

function headLines(run: RunResult, total: number): string[] {
  const { passed, failed, errors, skipped, interrupted, scenarios } = run;
  const words = [
    failed > 0 && `${thousands(failed)} failed`,
    errors > 0 && `${thousands(errors)} without a verdict`,
    `${thousands(passed)} passed`,
    skipped > 0 && `${thousands(skipped)} skipped`,
  ];
  const isJudged = scenarios.length > skipped;
  const mark = failed > 0 ? MARKS.failed : errors > 0 || !isJudged ? '!' : MARKS.passed;
  const lines = [
    `### ${mark} Bouncelab: ${words.filter(Boolean).join(', ')}`,
    '',
    `${virtualTime(run.virtualMs)} virtual time in ${wallTime(run.wallMs)}`,
  ];
  if (interrupted || scenarios.length < total) {
    const why = interrupted ? 'The run was interrupted' : 'The run was stopped at the first failure';
    lines.push(
      '',
      `**Partial report.** ${why}: ${thousands(scenarios.length)} of ${plural(total, 'scenario')} ran.`,
    );
  }
  return lines;
}

/** Only contacts whose loss no scenario expects, as in `terminal/lost.ts`. */
function lostLines(run: RunResult): string[] {
  const groups = run.scenarios
    .filter(({ lost }) => !lost.expected)
    .flatMap(({ name, lost }) => lost.groups.map((group) => ({ name, group })))
    .sort((a, b) => b.group.contacts - a.group.contacts);
  const total = run.scenarios.reduce((sum, { lost }) => sum + (lost.expected ? 0 : lost.notTheirs), 0);
  if (total === 0) return [];
  const shown = groups.slice(0, GROUPS_MAX);
  const left = total - shown.reduce((sum, { group }) => sum + group.contacts, 0);
  return [
    `#### ${plural(total, 'contact')} lost to a cause that is not theirs`,
    '',
    ...shown.map(({ name, group: { contacts, domain, cause, said } }) => {
      const words = said === undefined ? '' : `, ${codeSpan(said)}`;
      return `- ${thousands(contacts)} at ${codeSpan(domain)}: ${cause}${words} (${codeSpan(name)})`;
    }),
    ...(left > 0 ? [`- and ${thousands(left)} more`] : []),
  ];
}

function warningLines({ scenarios }: RunResult): string[] {
  const all = scenarios.flatMap(({ warnings }) => warnings);
  if (all.length === 0) return [];
  const left = all.length - WARNINGS_MAX;
  return [
    `#### ${plural(all.length, 'warning')}`,
    '',
    ...all
      .slice(0, WARNINGS_MAX)
      .map(
        ({ file, line, column, message }) =>
          `- ${codeSpan(`${file}:${line}:${column}`)}: ${codeSpan(message)}`,
      ),
    ...(left > 0 ? [`- and ${thousands(left)} more`] : []),
  ];
}

function troubled({ scenarios }: RunResult): ScenarioResult[] {
  return scenarios.filter(isTroubled).slice(0, TROUBLED_MAX);
}

function isTroubled({ status }: ScenarioResult): boolean {
  return status !== 'passed' && status !== 'skipped';
}

function scenarioLines({ name, status, failures }: ScenarioResult, repeat: string): string[] {
  const lines = [`#### ${MARKS[status]} ${codeSpan(name)}: ${status}`];
  for (const failure of failures.slice(0, FAILURES_MAX)) lines.push('', ...codeBlock(failureText(failure)));
  const more = failures.length - FAILURES_MAX;
  if (more > 0) lines.push('', `and ${plural(more, 'failure')} more`);
  if (repeat !== '') lines.push('', `Repeat it: ${codeSpan(repeat)}`);
  return lines;
}

function failureText(failure: Failure): string[] {
  const { file, line, column, message, details = [], hint } = failure;
  const left = details.length - DETAILS_MAX;
  return [
    `${file}:${line}:${column}`,
    message,
    comparison(failure),
    ...details.slice(0, DETAILS_MAX),
    left > 0 ? `… and ${thousands(left)} more` : '',
    hint === undefined ? '' : `hint: ${hint}`,
  ].filter((text) => text !== '');
}

function leftOutLines({ scenarios }: RunResult): string[] {
  const left = scenarios.filter(isTroubled).length - TROUBLED_MAX;
  return left > 0 ? [`and ${plural(left, 'scenario')} more that did not pass`] : [];
}

function skippedLines(run: RunResult): string[] {
  return skippedByReason(run).map(([reason, count]) => `- ${thousands(count)} skipped: ${codeSpan(reason)}`);
}

function tableLines({ scenarios }: RunResult): string[] {
  if (scenarios.length === 0) return [];
  const rows = scenarios.slice(0, ROWS_MAX).map((result) => {
    const figures = sums(result).map((figure) => thousands(figure));
    return `| ${[`${MARKS[result.status]} ${result.status}`, cellCode(result.name), ...figures].join(' | ')} |`;
  });
  const left = scenarios.length - ROWS_MAX;
  return [
    '<details>',
    `<summary>${plural(scenarios.length, 'scenario')}</summary>`,
    '',
    '| | Scenario | Delivered | Soft | Hard | Withdrawn | In progress | Lost, not theirs |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    ...(left > 0 ? [`and ${plural(left, 'scenario')} more`, ''] : []),
    '</details>',
  ];
}

function sums({ mailings, lost }: ScenarioResult): number[] {
  const all = Object.values(mailings);
  const sum = (of: (mailing: (typeof all)[number]) => number): number =>
    all.reduce((total, mailing) => total + of(mailing), 0);
  return [
    sum(({ delivered }) => delivered),
    sum(({ bounced }) => bounced.soft),
    sum(({ bounced }) => bounced.hard),
    sum(({ withdrawn }) => withdrawn),
    sum(({ inProgress }) => inProgress),
    lost.notTheirs,
  ];
}
