// A comparison of policies in the terminal: each scenario whose results differ, with the figures and the
// contacts that differ, then the totals, the failures and the thresholds.

import type { ComparedScenario, Comparison, EndGroup, Trouble } from '../../results/comparison/comparison.js';
import { FIGURES, type Figure, type Figures } from '../../results/comparison/figures.js';
import { comparison as expectedAndFound } from '../comparison.js';
import { countedReasons, plural, thousands } from '../figures.js';
import { displayWidth, pad, truncate, wrap } from '../terminal/layout.js';
import type { Colors } from '../terminal/lines.js';
import { terminalLine } from '../text.js';
import { siteText } from './sites.js';
import { cellOf, differingFigures, isDifferent, LABELS, type Cell } from './cells.js';

const LINE_COLUMNS = 120;
const LABEL_COLUMNS = Math.max(...Object.values(LABELS).map((label) => label.length));
const NAME_COLUMNS_MAX = 24;
/** Groups of contacts shown for each scenario, and addresses named for each group. */
const GROUPS_MAX = 3;
const NAMED_MAX = 2;
const SITES_MAX = 3;
const GAP = 2;

/** Lines no wider than `columns`, but at least 40 columns are used. */
export function comparisonLines(comparison: Comparison, columns: number, colors: Colors): string[] {
  const { scenarios, policies, sum, differing, skipped, interrupted, troubles } = comparison;
  const width = Math.max(40, Math.min(columns, LINE_COLUMNS));
  const differ = scenarios.filter(isDifferent);
  const names = policies.map(terminalLine);
  const lines: string[] = [];
  for (const scenario of differ) lines.push(...scenarioLines(scenario, names, width, colors), '');
  const same = scenarios.length - differ.length;
  const head = `${plural(scenarios.length, 'scenario')} under ${names.join(', ')}: ${thousands(same)} ${same === 1 ? 'has' : 'have'} the same results`;
  lines.push(...wrap(head, width).map((line) => colors.bold(line)));
  lines.push(...table(FIGURES, sum, names, width, colors));
  lines.push(
    ...wrap(`Signs compare with ${names[0]!}: ✓ better, ✗ worse, = the same.`, width).map(colors.dim),
  );
  lines.push(
    ...wrap(`${plural(differing, 'contact')} ${differing === 1 ? 'ends' : 'end'} differently.`, width),
  );
  for (const [reason, count] of countedReasons(skipped))
    lines.push(...wrap(terminalLine(`${thousands(count)} skipped: ${reason}`), width));
  if (interrupted) lines.push(colors.yellow('interrupted: the comparison is partial'));
  for (const trouble of troubles) lines.push('', ...troubleLines(trouble, width, colors));
  lines.push(...thresholdLines(comparison, width, colors));
  return lines;
}

function scenarioLines(
  { file, name, figures, sites, ends }: ComparedScenario,
  names: readonly string[],
  width: number,
  colors: Colors,
): string[] {
  const lines = wrap(terminalLine(name), width).map((line) => colors.bold(line));
  lines.push(colors.dim(truncate(terminalLine(file), width)));
  lines.push(...table(differingFigures(figures), figures, names, width, colors));
  for (const site of sites.slice(0, SITES_MAX))
    lines.push(...wrap(`  ${terminalLine(siteText(site))}`, width));
  if (sites.length > SITES_MAX)
    lines.push(colors.dim(`  and ${plural(sites.length - SITES_MAX, 'site')} more`));
  const shown = ends.groups.slice(0, GROUPS_MAX);
  for (const group of shown) lines.push(...wrap(`  ${groupText(group)}`, width));
  const rest = ends.contacts - shown.reduce((total, { contacts }) => total + contacts, 0);
  if (rest > 0)
    lines.push(colors.dim(`  and ${plural(rest, 'contact')} more that ${rest === 1 ? 'differs' : 'differ'}`));
  return lines;
}

/** `2 contacts at example.org: november delivered → hard-bounced (ann@example.org, bob@example.org)` */
function groupText({ domain, contacts, changes, named }: EndGroup): string {
  const what = changes.map(({ mailing, ends }) => `${mailing ?? 'status'} ${ends.join(' → ')}`).join(', ');
  const shown = named.slice(0, NAMED_MAX);
  const rest = contacts > shown.length ? ` and ${thousands(contacts - shown.length)} more` : '';
  return terminalLine(`${plural(contacts, 'contact')} at ${domain}: ${what} (${shown.join(', ')}${rest})`);
}

/** Figures in rows, policies in columns. Columns that do not fit the width form another block below. */
function table(
  rows: readonly Figure[],
  figures: readonly Figures[],
  names: readonly string[],
  width: number,
  colors: Colors,
): string[] {
  if (rows.length === 0) return [];
  const first = figures[0]!;
  const cells = rows.map((row) => figures.map((one) => cellOf(row, one, first)));
  const columns = names.map((name, policy) =>
    columnOf(
      name,
      cells.map((row) => row[policy]!),
    ),
  );
  const lines: string[] = [];
  for (const shown of fit(columns, width)) {
    lines.push(
      pad('', LABEL_COLUMNS) + shown.map(({ name, width: wide }) => gap(truncate(name, wide), wide)).join(''),
    );
    for (const [index, row] of rows.entries()) {
      const text = shown.map((column) => column.text(index, colors)).join('');
      lines.push(`${pad(LABELS[row], LABEL_COLUMNS)}${text}`.trimEnd());
    }
  }
  return lines;
}

interface Column {
  name: string;
  width: number;
  text(row: number, colors: Colors): string;
}

function columnOf(name: string, cells: readonly Cell[]): Column {
  const values = Math.max(...cells.map(({ value }) => value.length));
  const changes = Math.max(...cells.map(({ change }) => change.length));
  const inner = values + (changes === 0 ? 0 : 1 + changes);
  const wide = Math.max(inner, Math.min(displayWidth(name), NAME_COLUMNS_MAX));
  return {
    name,
    width: wide,
    text(row, colors) {
      const { value, change, verdict } = cells[row]!;
      const color =
        verdict === 'better' ? colors.green : verdict === 'worse' ? colors.red : (text: string) => text;
      const said = changes === 0 ? '' : ` ${color(pad(change, changes))}`;
      return ' '.repeat(GAP + wide - inner) + value.padStart(values) + said;
    },
  };
}

/** Divides columns into blocks that fit the width; each block begins with the first policy. */
function fit([first, ...others]: readonly Column[], width: number): Column[][] {
  const blocks: Column[][] = [];
  let block: Column[] = [];
  const start = LABEL_COLUMNS + GAP + first!.width;
  let used = start;
  for (const column of others) {
    if (block.length > 0 && used + GAP + column.width > width) {
      blocks.push([first!, ...block]);
      block = [];
      used = start;
    }
    block.push(column);
    used += GAP + column.width;
  }
  return [...blocks, [first!, ...block]];
}

function gap(text: string, width: number): string {
  return ' '.repeat(GAP + Math.max(0, width - displayWidth(text))) + text;
}

function troubleLines(
  { file, name, policy, status, failures }: Trouble,
  width: number,
  colors: Colors,
): string[] {
  const sign = status === 'failed' ? colors.red('✗') : colors.yellow('!');
  const [head, ...more] = wrap(`${terminalLine(name)}, under ${terminalLine(policy)}: ${status}`, width - 2);
  const lines = [`${sign} ${head!}`, ...more.map((line) => `  ${line}`)];
  for (const failure of failures) {
    const parts = [
      failure.message,
      expectedAndFound(failure),
      ...(failure.details ?? []),
      failure.hint ?? '',
    ];
    for (const part of parts.filter(Boolean)) lines.push(...wrap(`  ${terminalLine(part)}`, width));
  }
  return [...lines, ...wrap(`  ${terminalLine(file)}`, width).map(colors.dim)];
}

function thresholdLines({ thresholds }: Comparison, width: number, colors: Colors): string[] {
  if (thresholds.length === 0) return [];
  return [
    '',
    ...thresholds.flatMap(({ text, policy, actual, holds }) => {
      const found = actual === null ? 'not ended' : thousands(actual);
      const said = `${holds ? '✗ fails' : '✓ passes'}: --fail-if "${terminalLine(text)}", found ${found} (${terminalLine(policy)})`;
      return wrap(said, width).map((line) => (holds ? colors.red(line) : line));
    }),
  ];
}
