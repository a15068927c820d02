// The results of a mailing at two levels: the replies of the servers, which the sender knows, and the
// placement of accepted messages, which only the simulation knows.

import type { CauseView, Mark, MailingView } from '../../results/view/view.js';
import type { MailingResult } from '../../results/result.js';
import { stackedBar } from '../ui/charts.js';
import { link } from './data.js';
import { h, mono, breakable, bdi } from '../ui/dom.js';
import { plot } from '../ui/plot.js';
import { table, type Column } from '../ui/table.js';
import { count, mailingState, number, outcomeWord, STATES, time } from '../ui/words.js';

type Named = MailingResult & { name: string };

const TABS: { id: string; label: string; test: (mailing: MailingResult) => boolean }[] = [
  {
    id: 'in-progress',
    label: 'In progress',
    test: ({ kind, state }) => kind === 'standard' && state !== 'completed',
  },
  {
    id: 'completed',
    label: 'Completed',
    test: ({ kind, state }) => kind === 'standard' && state === 'completed',
  },
  { id: 'automated', label: 'Automated', test: ({ kind }) => kind === 'automated' },
];

/** The tabs of a scenario's mailings. */
export function responseTabs(index: number, mailings: Record<string, MailingResult>): HTMLElement {
  const all = Object.entries(mailings).map(([name, mailing]) => ({ ...mailing, name }));
  const panel = h('div', { role: 'tabpanel', id: 'panel', tabindex: 0 });
  const tabs = TABS.map(({ id, label, test }) =>
    h(
      'button',
      { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': 'panel', click: () => show(id) },
      `${label} ${number(all.filter(test).length)}`,
    ),
  );
  const show = (id: string): void => {
    for (const tab of tabs) {
      const isShown = tab.id === `tab-${id}`;
      tab.setAttribute('aria-selected', String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
    }
    panel.setAttribute('aria-labelledby', `tab-${id}`);
    const { label, test } = TABS.find((tab) => tab.id === id)!;
    const chosen = all.filter(test);
    panel.replaceChildren(
      chosen.length === 0
        ? h('p', { class: 'empty' }, `No mailing is ${label.toLowerCase()}.`)
        : table(`Mailings: ${label}`, columns(index), chosen),
    );
  };
  const move = (event: Event): void => {
    const { key } = event as KeyboardEvent;
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = tabs.indexOf(event.target as HTMLElement);
    const next = tabs[(at + step + tabs.length) % tabs.length]!;
    next.focus();
    next.click();
  };
  show((TABS.find(({ test }) => all.some(test)) ?? TABS[1]!).id);
  return h(
    'div',
    {},
    h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Mailings', keydown: move }, ...tabs),
    panel,
  );
}

function columns(index: number): Column<Named>[] {
  return [
    {
      label: 'Mailing',
      isWide: true,
      cell: ({ name }) => h('a', { href: link('s', index, 'm', name) }, bdi(name)),
    },
    { label: 'State', cell: ({ state }) => mailingState(state) },
    { label: 'Recipients', isNumber: true, cell: ({ recipients }) => recipients },
    { label: 'Delivered', isNumber: true, cell: ({ delivered }) => delivered },
    { label: 'In progress', isNumber: true, cell: ({ inProgress }) => inProgress },
    { label: 'Soft bounced', isNumber: true, cell: ({ bounced }) => bounced.soft },
    { label: 'Hard bounced', isNumber: true, cell: ({ bounced }) => bounced.hard },
    { label: 'Withdrawn', isNumber: true, cell: ({ withdrawn }) => withdrawn },
    {
      label: 'Took',
      isNumber: true,
      cell: ({ startedAt, completedAt }) =>
        startedAt === null || completedAt === null ? '–' : time(completedAt - startedAt),
    },
  ];
}

/** The figures of one mailing at server level and for placement. */
export function figures(mailing: MailingResult): HTMLElement {
  const share = (n: number): string =>
    mailing.recipients === 0 ? '' : ` ${percent(n / mailing.recipients)}`;
  const values: Record<string, number> = {
    delivered: mailing.delivered,
    inProgress: mailing.inProgress,
    soft: mailing.bounced.soft,
    hard: mailing.bounced.hard,
    withdrawn: mailing.withdrawn,
  };
  const { inbox, junk, discarded, returned } = mailing.placement;
  const placed = inbox + junk + discarded + returned;
  return h(
    'div',
    { class: 'levels' },
    h('h4', {}, 'Server level: the replies of the servers'),
    stackedBar(
      STATES.map(({ key, color }) => ({ color, count: values[key]! })),
      'shares of the figures below',
    ),
    h(
      'dl',
      { class: 'figures', 'data-level': 'server' },
      figure('Recipients', '', mailing.recipients, ''),
      ...STATES.map(({ key, label, sign, color }) =>
        figure(label, sign, values[key]!, share(values[key]!), color),
      ),
      mailing.unattempted > 0 && figure('Soft bounced unattempted', '', mailing.unattempted, ''),
    ),
    h('h4', {}, 'Placement: what the servers did with accepted messages (invisible to a sender)'),
    h(
      'dl',
      { class: 'figures', 'data-level': 'placement' },
      figure('Inbox', '', inbox, placed === 0 ? '' : ` ${percent(inbox / placed)}`),
      figure('Junk', '', junk, ''),
      figure('Discarded', '', discarded, ''),
      figure('Returned later', '', returned, ''),
      mailing.lateBounces > 0 && figure('Late bounces', '', mailing.lateBounces, ''),
      mailing.possibleDuplicates > 0 && figure('Possible duplicates', '', mailing.possibleDuplicates, ''),
    ),
  );
}

function figure(label: string, sign: string, value: number, more: string, color = ''): HTMLElement {
  return h(
    'div',
    {},
    h('dt', {}, sign !== '' && h('span', { class: color, 'aria-hidden': 'true' }, sign), label),
    h(
      'dd',
      { 'data-figure': label, 'data-value': value },
      number(value),
      more !== '' && h('small', {}, more),
    ),
  );
}

function percent(share: number): string {
  return share > 0 && share < 0.001
    ? '<0.1%'
    : `${(share * 100).toFixed(share === 1 || share === 0 ? 0 : 1)}%`;
}

/** The states of a mailing's deliveries over virtual time. */
export function curve(mailing: MailingView, marks: readonly Mark[]): HTMLElement {
  const lines = STATES.map(({ key, label, sign, color, dash }) => ({
    label,
    sign,
    color,
    dash,
    values: mailing.curve[key],
  }));
  const shown = lines.filter(({ values }) => values.some((value) => value > 0));
  return plot(`States of the deliveries of ${mailing.name} over virtual time`, mailing.curve.t, shown, marks);
}

/** The causes of failed attempts, with the replies of each cause. */
export function causes(index: number, all: readonly CauseView[]): HTMLElement {
  if (all.length === 0) return h('p', { class: 'empty' }, 'No attempt failed.');
  return h('div', { class: 'cards' }, ...all.map((cause) => causeCard(index, cause)));
}

function causeCard(index: number, { cause, attempts, soft, hard, replies, others }: CauseView): HTMLElement {
  const ended = [
    soft > 0 && `${number(soft)} ended as soft bounce`,
    hard > 0 && `${number(hard)} as hard bounce`,
  ];
  return h(
    'div',
    { class: 'card' },
    h(
      'div',
      { class: 'sechead' },
      h('h3', {}, cause),
      h('span', { class: 'small quiet' }, [count(attempts, 'attempt'), ...ended.filter(Boolean)].join(' · ')),
    ),
    table(
      `Replies of ${cause}`,
      [
        { label: 'Reply', isWide: true, cell: ({ said: text }) => mono(text === '' ? '(no reply)' : text) },
        { label: 'Outcome', cell: ({ outcome }) => outcomeWord(outcome) },
        { label: 'Stage', cell: ({ stage }) => stage },
        { label: 'At', cell: ({ domain }) => breakable(domain) },
        { label: 'Attempts', isNumber: true, cell: (reply) => reply.count },
        {
          label: 'Example',
          cell: ({ example }) => h('a', { href: link('s', index, 'c', example) }, breakable(example)),
        },
      ],
      replies,
    ),
    others > 0 && h('p', { class: 'small quiet' }, `and ${number(others)} attempts with other replies`),
  );
}
