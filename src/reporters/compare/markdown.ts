// A comparison of policies as Markdown, for a comment on a pull request or the summary of a CI job.

import type { ComparedScenario, Comparison } from '../../results/comparison/comparison.js';
import { FIGURES, type Figure, type Figures } from '../../results/comparison/figures.js';
import { comparison as expectedAndFound } from '../comparison.js';
import { countedReasons, plural, thousands } from '../figures.js';
import { cellCode, codeBlock, codeSpan } from '../markdown/text.js';
import { cellOf, differingFigures, isDifferent, LABELS } from './cells.js';
import { siteText } from './sites.js';

const SCENARIOS_MAX = 30;
const GROUPS_MAX = 5;
const TROUBLES_MAX = 20;
const SITES_MAX = 5;

/** The Markdown text of a comparison. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { policies, scenarios, sum, differing, skipped, interrupted, troubles, thresholds } = comparison;
  const different = scenarios.filter(isDifferent);
  const shown = different.slice(0, SCENARIOS_MAX);
  const same = scenarios.length - different.length;
  const lines = [
    `### ${plural(scenarios.length, 'scenario')} under ${policies.map(codeSpan).join(', ')}`,
    '',
    ...table(FIGURES, sum, policies),
    '',
    `Compared with ${codeSpan(policies[0]!)}: ✓ better, ✗ worse, = the same. ${plural(differing, 'contact')} ${differing === 1 ? 'ends' : 'end'} differently; ${plural(same, 'scenario')} of ${thousands(scenarios.length)} ${same === 1 ? 'has' : 'have'} the same results.`,
  ];
  for (const [reason, count] of countedReasons(skipped))
    lines.push('', `${thousands(count)} skipped: ${codeSpan(reason)}`);
  if (interrupted) lines.push('', '**Interrupted: the comparison is partial.**');
  if (thresholds.length > 0) lines.push('');
  for (const { text, policy, actual, holds } of thresholds) {
    const found = actual === null ? 'not ended' : thousands(actual);
    lines.push(
      `- ${holds ? '✗ **fails**' : '✓ passes'}: ${codeSpan(text)}, found ${found} (${codeSpan(policy)})`,
    );
  }
  for (const { name, policy, status, failures } of troubles.slice(0, TROUBLES_MAX)) {
    const said = failures.flatMap((failure) => [failure.message, expectedAndFound(failure)]).filter(Boolean);
    lines.push('', `#### ✗ ${codeSpan(name)} under ${codeSpan(policy)}: ${status}`, '', ...codeBlock(said));
  }
  const silent = troubles.length - TROUBLES_MAX;
  if (silent > 0) lines.push('', `and ${thousands(silent)} more that did not pass`);
  if (shown.length > 0) {
    lines.push(
      '',
      '<details>',
      `<summary>${plural(different.length, 'scenario')} with differences</summary>`,
    );
    for (const scenario of shown) lines.push('', ...scenarioLines(scenario, policies));
    if (different.length > shown.length)
      lines.push('', `and ${plural(different.length - shown.length, 'scenario')} more`);
    lines.push('', '</details>');
  }
  return `${lines.join('\n')}\n`;
}

function scenarioLines(
  { name, figures, sites, ends }: ComparedScenario,
  policies: readonly string[],
): string[] {
  const rows = differingFigures(figures);
  const shown = ends.groups.slice(0, GROUPS_MAX);
  const left = ends.contacts - shown.reduce((total, { contacts }) => total + contacts, 0);
  return [
    `#### ${codeSpan(name)}`,
    ...(rows.length === 0 ? [] : ['', ...table(rows, figures, policies)]),
    ...(shown.length === 0 && sites.length === 0 ? [] : ['']),
    ...sites.slice(0, SITES_MAX).map((site) => `- ${codeSpan(siteText(site))}`),
    ...(sites.length > SITES_MAX ? [`- and ${plural(sites.length - SITES_MAX, 'site')} more`] : []),
    ...shown.map(({ domain, contacts, changes }) => {
      const what = changes.map(({ mailing, ends }) => `${codeSpan(mailing ?? 'status')} ${ends.join(' → ')}`);
      return `- ${plural(contacts, 'contact')} at ${codeSpan(domain)}: ${what.join(', ')}`;
    }),
    ...(left > 0 ? [`- and ${plural(left, 'contact')} more`] : []),
  ];
}

function table(rows: readonly Figure[], figures: readonly Figures[], policies: readonly string[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...policies.map(cellCode)]),
    line(['---', ...policies.map(() => '---:')]),
    ...rows.map((row) => {
      const cells = figures.map((one) => {
        const { value, change } = cellOf(row, one, figures[0]!);
        return change === '' ? value : `${value} (${change})`;
      });
      return line([LABELS[row], ...cells]);
    }),
  ];
}
