// The first view of a report: the result, lost contacts, failures, warnings, and all scenarios with filter and search.

import type { ScenarioResult } from '../../results/result.js';
import { deliveryCounts, wallTime, virtualTime } from '../../reporters/figures.js';
import { alarm } from './alarm.js';
import { stackedBar } from '../ui/charts.js';
import { link, page } from './data.js';
import { h, mono, bdi, breakable } from '../ui/dom.js';
import { failureCard } from './failure.js';
import { tableHead, tableRow, type Column } from '../ui/table.js';
import { warnings } from './warnings.js';
import { count, number, themeOf, time, verdict } from '../ui/words.js';

/** Scenarios that are listed at a time: a browser takes seconds to lay out ten thousand rows. */
const ROWS_AT_ONCE = 500;
/** Failures shown in full; the views of their scenarios show the others. */
const FAILURES_MAX = 20;

interface Entry {
  index: number;
  result: ScenarioResult;
}

type Filter = 'all' | 'passed' | 'not-passed' | 'skipped' | 'lost';

export function overview(): Node[] {
  const { run } = page;
  const entries = run.scenarios.map((result, index) => ({ index, result }));
  return [
    head(),
    ...partial(),
    ...[
      alarm(
        entries.map(({ result, index }) => ({ scenario: result, index })),
        true,
      ) ?? [],
    ].flat(),
    ...failures(entries),
    ...warnings(entries, true),
    list(entries),
  ];
}

function head(): HTMLElement {
  const { run, runId } = page;
  const bad = run.failed + run.errors;
  const status =
    run.failed > 0 ? 'failed' : run.errors > 0 ? 'error' : run.passed > 0 ? 'passed' : 'inconclusive';
  const words = [
    run.failed > 0 && `${number(run.failed)} failed`,
    run.errors > 0 && `${number(run.errors)} without a verdict`,
    `${number(run.passed)} passed`,
    run.skipped > 0 && `${number(run.skipped)} skipped`,
  ];
  const isEmpty = bad + run.passed + run.skipped === 0;
  const sentence = isEmpty ? 'Nothing ran' : words.filter(Boolean).join(', ');
  return h(
    'div',
    { class: 'head' },
    h('h1', {}, verdict(status, sentence)),
    h(
      'p',
      { class: 'meta' },
      fact('Run', runId),
      fact('Started', run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')),
      fact('Took', wallTime(run.wallMs)),
      fact('Virtual time', virtualTime(run.virtualMs)),
      fact('Version', run.version),
      run.seed !== null && fact('Seed', run.seed),
    ),
  );
}

export function fact(label: string, value: string): HTMLElement {
  return h('span', {}, `${label} `, h('b', {}, bdi(value)));
}

function partial(): Node[] {
  const { run, total } = page;
  const ran = run.scenarios.length;
  if (!run.interrupted && ran >= total) return [];
  const why = run.interrupted ? 'The run was interrupted' : 'The run was stopped at the first failure';
  return [
    h(
      'p',
      { class: 'note' },
      h('b', {}, 'Partial report. '),
      `${why}: ${number(ran)} of ${count(total, 'scenario')} ran, and only these are shown.`,
      ...(run.unfinished.length === 0
        ? []
        : [
            ' Stopped while running, and not counted: ',
            ...run.unfinished.flatMap(({ name, file }, index) => [
              index > 0 && ', ',
              h('b', {}, bdi(name)),
              ' (',
              bdi(file),
              ')',
            ]),
            '.',
          ]),
    ),
  ];
}

function failures(entries: Entry[]): Node[] {
  const all = entries.flatMap(({ index, result }) =>
    result.failures.map((failure) => ({ index, result, failure })),
  );
  if (all.length === 0) return [];
  const shown = all.slice(0, FAILURES_MAX);
  const cards: Node[] = [];
  let last = -1;
  for (const { index, result, failure } of shown) {
    if (index !== last) {
      cards.push(
        h('h3', {}, verdict(result.status), ' ', h('a', { href: link('s', index) }, bdi(result.name))),
      );
    }
    last = index;
    cards.push(failureCard(index, failure));
  }
  return [
    h(
      'section',
      { 'aria-labelledby': 'failures' },
      h('h2', { id: 'failures' }, `Failures (${number(all.length)})`),
      h('div', { class: 'cards' }, ...cards),
      all.length > shown.length &&
        h(
          'p',
          { class: 'quiet' },
          `and ${number(all.length - shown.length)} more in the views of their scenarios`,
        ),
    ),
  ];
}

const FILTERS: { name: Filter; label: string; test: (result: ScenarioResult) => boolean }[] = [
  { name: 'all', label: 'All', test: () => true },
  {
    name: 'not-passed',
    label: 'Not passed',
    test: ({ status }) => status !== 'passed' && status !== 'skipped',
  },
  { name: 'passed', label: 'Passed', test: ({ status }) => status === 'passed' },
  { name: 'skipped', label: 'Skipped', test: ({ status }) => status === 'skipped' },
  { name: 'lost', label: 'Lost contacts', test: ({ lost }) => lost.total > 0 },
];

const kept: { filter: Filter; search: string } = { filter: 'all', search: '' };

function list(entries: Entry[]): HTMLElement {
  const body = h('tbody');
  let left: (Entry | string)[] = [];
  const more = h('button', { type: 'button', id: 'more', click: () => showMore() });
  const showMore = (): void => {
    body.append(...left.slice(0, ROWS_AT_ONCE).map(row));
    left = left.slice(ROWS_AT_ONCE);
    more.hidden = left.length === 0;
    more.textContent = `Show more (${number(left.filter((one) => typeof one !== 'string').length)} left)`;
  };
  const status = h('p', { class: 'small quiet', role: 'status' });
  const chips = FILTERS.map(({ name, label, test }) =>
    h(
      'button',
      { type: 'button', class: 'chip', 'data-filter': name, click: () => show(name) },
      `${label} ${number(entries.filter(({ result }) => test(result)).length)}`,
    ),
  );
  const search = h('input', {
    type: 'search',
    id: 'search',
    placeholder: 'Name, file, policy, cause …',
    'aria-label': 'Search scenarios',
    value: kept.search,
    input: (event) => {
      kept.search = (event.target as HTMLInputElement).value;
      show(kept.filter);
    },
  });
  const show = (filter: Filter): void => {
    kept.filter = filter;
    for (const chip of chips) chip.setAttribute('aria-pressed', String(chip.dataset['filter'] === filter));
    const { test } = FILTERS.find(({ name }) => name === filter)!;
    const words = kept.search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = entries.filter(
      ({ result }) => test(result) && words.every((word) => haystack(result).includes(word)),
    );
    body.replaceChildren();
    left = byTheme(found);
    if (found.length === 0) body.append(noRow());
    showMore();
    status.textContent =
      found.length === entries.length
        ? ''
        : `${number(found.length)} of ${count(entries.length, 'scenario')}`;
  };
  show(kept.filter);
  return h(
    'section',
    { 'aria-labelledby': 'scenarios' },
    h('h2', { id: 'scenarios' }, 'Scenarios'),
    h(
      'div',
      { class: 'bar' },
      h('div', { class: 'chips', role: 'group', 'aria-label': 'Filter' }, ...chips),
      search,
      status,
    ),
    h('table', { class: 'stack', id: 'list', 'aria-label': 'Scenarios' }, tableHead(COLUMNS), body),
    h('div', {}, more),
  );
}

function haystack({ name, file, policy, status, mailings, lost }: ScenarioResult): string {
  const causes = Object.values(mailings).flatMap((mailing) => Object.keys(mailing.causes));
  return [name, file, policy, status, ...causes, ...Object.keys(mailings), lost.notTheirs > 0 ? 'lost' : '']
    .join(' ')
    .toLowerCase();
}

/** The scenarios of each theme after its name. */
function byTheme(entries: Entry[]): (Entry | string)[] {
  const themes = new Map<string, Entry[]>();
  for (const entry of entries) {
    const theme = themeOf(entry.result.file);
    const known = themes.get(theme);
    if (known) known.push(entry);
    else themes.set(theme, [entry]);
  }
  return [...themes].flatMap(([theme, members]) => [...(theme === '' ? [] : [theme]), ...members]);
}

function row(one: Entry | string): Node {
  if (typeof one !== 'string') return tableRow(COLUMNS, one);
  return h('tr', { class: 'group' }, h('td', { colspan: COLUMNS.length, class: 'wide' }, bdi(one)));
}

function noRow(): Node {
  return h('tr', {}, h('td', { colspan: COLUMNS.length, class: 'empty' }, 'No scenario matches.'));
}

const sum = (result: ScenarioResult, of: (mailing: ScenarioResult['mailings'][string]) => number): number =>
  Object.values(result.mailings).reduce((total, mailing) => total + of(mailing), 0);

const COLUMNS: Column<Entry>[] = [
  { label: 'Verdict', isWide: true, cell: ({ result }) => verdict(result.status) },
  {
    label: 'Scenario',
    isWide: true,
    cell: ({ index, result }) => h('a', { href: link('s', index) }, bdi(result.name)),
  },
  {
    label: 'Deliveries',
    isWide: true,
    cell: ({ result }) =>
      stackedBar(
        [
          { color: 'delivered', count: sum(result, ({ delivered }) => delivered) },
          { color: 'progress', count: sum(result, ({ inProgress }) => inProgress) },
          { color: 'soft', count: sum(result, ({ bounced }) => bounced.soft) },
          { color: 'hard', count: sum(result, ({ bounced }) => bounced.hard) },
          { color: 'withdrawn', count: sum(result, ({ withdrawn }) => withdrawn) },
        ],
        deliveryCounts(result) || 'no deliveries',
      ),
  },
  { label: 'Delivered', isNumber: true, cell: ({ result }) => sum(result, ({ delivered }) => delivered) },
  { label: 'Soft', isNumber: true, cell: ({ result }) => sum(result, ({ bounced }) => bounced.soft) },
  { label: 'Hard', isNumber: true, cell: ({ result }) => sum(result, ({ bounced }) => bounced.hard) },
  { label: 'Withdrawn', isNumber: true, cell: ({ result }) => sum(result, ({ withdrawn }) => withdrawn) },
  {
    label: 'Lost, not theirs',
    isNumber: true,
    cell: ({ result }) =>
      result.lost.notTheirs === 0 ? 0 : h('b', { class: 'hard' }, `✕ ${number(result.lost.notTheirs)}`),
  },
  { label: 'Policy', cell: ({ result }) => breakable(result.policy) },
  { label: 'Virtual time', isNumber: true, cell: ({ result }) => time(result.virtualMs) },
];

/** The command that repeats a scenario. */
export function repeatLine(index: number): HTMLElement | undefined {
  const command = page.repeat[index];
  return command
    ? h('p', { class: 'command small' }, 'Repeat it: ', h('code', {}, mono(command)))
    : undefined;
}
