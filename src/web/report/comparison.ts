// The page of a comparison of policies: totals, curves over virtual time, and each scenario whose results
// differ.

import { cellOf, differingFigures, isDifferent, LABELS } from '../../reporters/compare/cells.js';
import { siteText } from '../../reporters/compare/sites.js';
import { comparison as expectedAndFound } from '../../reporters/comparison.js';
import { countedReasons } from '../../reporters/figures.js';
import type {
  Comparison,
  ComparedScenario,
  Curve,
  EndGroup,
  Trouble,
} from '../../results/comparison/comparison.js';
import { FIGURES, type Figure, type Figures } from '../../results/comparison/figures.js';
import { stackedBar } from '../ui/charts.js';
import { h, breakable, bdi } from '../ui/dom.js';
import { plot } from '../ui/plot.js';
import { longTable, table, type Column } from '../ui/table.js';
import { followSystemTheme, themeButton } from '../ui/theme.js';
import { count, number, STATES, stateWord, statusWord } from '../ui/words.js';

const data = JSON.parse(document.getElementById('comparison')!.textContent) as Comparison;

/** Lines of policies differ in color and dashes, and have a letter each, so that color is not needed. */
const LINES = [
  { color: 'progress', dash: [] },
  { color: 'soft', dash: [8, 4] },
  { color: 'delivered', dash: [2, 3] },
  { color: 'hard', dash: [10, 3, 2, 3] },
  { color: 'withdrawn', dash: [1, 5] },
] as const;
/** Addresses named for each group of contacts. */
const EXAMPLES_MAX = 5;
const SITES_MAX = 10;
const signOf = (policy: number): string => String.fromCodePoint(0x41 + (policy % 26));

function top(): HTMLElement {
  return h(
    'header',
    { class: 'top' },
    h('span', { class: 'brand' }, 'Bouncelab'),
    h('nav', { class: 'path', 'aria-label': 'Place' }, 'Comparison of policies'),
    themeButton(),
  );
}

function head(): HTMLElement {
  const { policies, scenarios, differing } = data;
  return h(
    'div',
    { class: 'head' },
    h('h1', {}, ...policies.flatMap((name, index) => [index > 0 && ' · ', bdi(name)])),
    h(
      'p',
      { class: 'meta' },
      h('span', {}, count(scenarios.length, 'scenario')),
      h('span', {}, `${count(differing, 'contact')} ${differing === 1 ? 'ends' : 'end'} differently`),
      h('span', {}, 'Compared with ', bdi(policies[0]!), ': ✓ better, ✗ worse, = the same'),
    ),
    ...countedReasons(data.skipped).map(([reason, skipped]) =>
      h('p', { class: 'note' }, `${number(skipped)} skipped: `, bdi(reason)),
    ),
    data.interrupted && h('p', {}, h('b', {}, 'Interrupted: the comparison is partial.')),
  );
}

function thresholds(): Node[] {
  if (data.thresholds.length === 0) return [];
  const rows = data.thresholds;
  return [
    section(
      'Thresholds',
      table(
        'Thresholds',
        [
          { label: 'Fails if', isWide: true, cell: ({ text }) => bdi(text) },
          { label: 'Policy', cell: ({ policy }) => bdi(policy) },
          { label: 'Found', isNumber: true, cell: ({ actual }) => actual ?? 'not ended' },
          {
            label: 'Verdict',
            cell: ({ holds }) =>
              h('b', { class: holds ? 'hard' : 'delivered' }, holds ? '✗ fails' : '✓ passes'),
          },
        ],
        rows,
      ),
    ),
  ];
}

function troubles(): Node[] {
  if (data.troubles.length === 0) return [];
  return [section('Failures', ...data.troubles.map(troubleCard))];
}

function troubleCard({ file, name, policy, status, failures }: Trouble): HTMLElement {
  const parts = failures.flatMap((failure) => [
    failure.message,
    expectedAndFound(failure),
    ...(failure.details ?? []),
  ]);
  return h(
    'div',
    { class: 'alarm' },
    h('h3', {}, `✗ ${status}: `, bdi(name), ', ', bdi(policy)),
    h('p', { class: 'quiet small' }, bdi(file)),
    ...parts.filter(Boolean).map((part) => h('p', {}, bdi(part))),
  );
}

function figureTable(caption: string, rows: readonly Figure[], figures: readonly Figures[]): HTMLElement {
  const columns: Column<Figure>[] = [
    { label: 'Figure', isWide: true, cell: (row) => LABELS[row] },
    ...data.policies.map((label, policy) => ({
      label,
      isNumber: true,
      cell: (row: Figure) => {
        const { value, change, verdict } = cellOf(row, figures[policy]!, figures[0]!);
        const color = verdict === 'better' ? 'delivered' : verdict === 'worse' ? 'hard' : 'quiet';
        return h('span', { class: 'change' }, value, change !== '' && h('span', { class: color }, change));
      },
    })),
  ];
  return table(caption, columns, rows, 'policies');
}

/** The final states of deliveries that a comparison counts. */
const ENDS = (['delivered', 'soft', 'hard'] as const).map((key) => ({
  ...STATES.find((state) => state.key === key)!,
  key,
}));

function sum(): HTMLElement {
  const bars = data.policies.map((name, policy) => {
    const figures = data.sum[policy]!;
    const words = ENDS.map(
      ({ key, label, sign }) => `${sign} ${number(figures[key])} ${label.toLowerCase()}`,
    );
    return h(
      'div',
      {},
      h('p', { class: 'small' }, h('b', {}, bdi(name)), ` · ${words.join(' · ')}`),
      stackedBar(
        ENDS.map(({ key, color }) => ({ color, count: figures[key] })),
        words.join(', '),
      ),
    );
  });
  return section(
    'Totals',
    figureTable('Totals', FIGURES, data.sum),
    h(
      'p',
      { class: 'quiet small' },
      'Hours: time from start to completion of the mailing that took longest. ' +
        'Refused: connection attempts that a host refused or did not answer.',
    ),
    h('div', { class: 'card cards' }, ...bars),
  );
}

function curves(): HTMLElement {
  const { t, policies } = data.curves;
  const card = (title: string, values: (curve: Curve) => number[]): HTMLElement =>
    h(
      'div',
      { class: 'card cards' },
      h('h3', {}, title),
      plot(
        `${title} over virtual time, a line for each policy`,
        t,
        policies.map((curve, policy) => ({
          label: data.policies[policy]!,
          sign: signOf(policy),
          ...LINES[policy % LINES.length]!,
          values: values(curve),
        })),
      ),
    );
  return section(
    'Time since the start of each mailing, all scenarios together',
    h(
      'div',
      { class: 'two' },
      card('Deliveries in progress', ({ inProgress }) => inProgress),
      card('Delivered', ({ delivered }) => delivered),
      card('Attempts so far', ({ attempts }) => attempts),
    ),
  );
}

function scenarios(): Node[] {
  const different = data.scenarios.filter(isDifferent);
  const same = data.scenarios.filter((scenario) => !isDifferent(scenario));
  return [
    section(`${count(different.length, 'scenario')} with differences`, ...different.map(scenarioCard)),
    section(
      `${count(same.length, 'scenario')} with the same results`,
      longTable(
        'Scenarios with the same results',
        [
          { label: 'Scenario', isWide: true, cell: ({ name }) => bdi(name) },
          { label: 'File', isWide: true, cell: ({ file }) => bdi(file) },
        ],
        same,
      ),
    ),
  ];
}

function scenarioCard({ name, file, figures, sites, ends }: ComparedScenario): HTMLElement {
  const rows = differingFigures(figures);
  return h(
    'article',
    { class: 'card cards' },
    h('h3', {}, bdi(name)),
    h('p', { class: 'quiet small' }, bdi(file)),
    rows.length > 0 && figureTable('Figures that differ', rows, figures),
    sites.length > 0 &&
      h(
        'ul',
        { class: 'plain small' },
        ...sites.slice(0, SITES_MAX).map((site) => h('li', {}, bdi(siteText(site)))),
        sites.length > SITES_MAX &&
          h('li', { class: 'quiet' }, `and ${count(sites.length - SITES_MAX, 'site')} more`),
      ),
    ends.groups.length > 0 &&
      longTable<EndGroup>(
        'Contacts that end differently',
        [
          { label: 'Contacts', isNumber: true, cell: ({ contacts }) => contacts },
          { label: 'At', cell: ({ domain }) => breakable(domain) },
          { label: 'Ends', isWide: true, cell: changesOf },
          { label: 'Examples', isWide: true, cell: examplesOf },
        ],
        ends.groups,
        'ends',
      ),
    ends.notShown > 0 && h('p', { class: 'quiet' }, `and ${count(ends.notShown, 'contact')} more`),
  );
}

function changesOf({ changes }: EndGroup): HTMLElement {
  const lines = changes.map(({ mailing, ends }) => {
    const words = ends.map((end) => (mailing === undefined ? statusWord(end) : stateWord(end)));
    return h(
      'div',
      {},
      bdi(mailing ?? 'status'),
      ': ',
      ...words.flatMap((word, index) => [index > 0 && ' → ', h('span', { class: 'whole' }, word)]),
    );
  });
  return h('div', {}, ...lines);
}

function examplesOf({ named }: EndGroup): HTMLElement {
  return h(
    'div',
    {},
    ...named.slice(0, EXAMPLES_MAX).flatMap((address, index) => [index > 0 && ', ', breakable(address)]),
  );
}

function section(title: string, ...content: Node[]): HTMLElement {
  return h('section', {}, h('h2', {}, title), ...content);
}

followSystemTheme();
const content = [head(), ...thresholds(), ...troubles(), sum(), curves(), ...scenarios()];
document.getElementById('app')!.replaceChildren(top(), h('main', { id: 'main', tabindex: -1 }, ...content));
