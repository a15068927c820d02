// Contacts that were lost to a cause that is not theirs, such as a greeting of 554 that costs a whole
// domain its status. It stands above everything else and names each group with what the server said.

import type { LostGroup, ScenarioResult } from '../../results/result.js';
import { link } from './data.js';
import { h, mono, place, said } from '../ui/dom.js';
import { count, number } from '../ui/words.js';

export interface LostAt {
  scenario: ScenarioResult;
  index: number;
}

/** Groups that stand there at once; the others are folded. */
const SHOWN_MAX = 3;

/** Nothing when nobody was lost so. */
export function alarm(places: readonly LostAt[], isOverview: boolean): HTMLElement | undefined {
  const hit = places.filter(({ scenario }) => scenario.lost.notTheirs > 0);
  const total = hit.reduce((sum, { scenario }) => sum + scenario.lost.notTheirs, 0);
  if (total === 0) return undefined;
  const groups = hit
    .flatMap(({ scenario, index }) => scenario.lost.groups.map((group) => ({ scenario, index, group })))
    .sort(
      // Those that a scenario expects were looked at already.
      (a, b) =>
        Number(a.scenario.lost.expected) - Number(b.scenario.lost.expected) ||
        b.group.contacts - a.group.contacts,
    );
  const shown = groups.slice(0, SHOWN_MAX);
  const folded = groups.slice(SHOWN_MAX);
  const left = total - groups.reduce((sum, { group }) => sum + group.contacts, 0);
  const unexpected = hit
    .filter(({ scenario }) => !scenario.lost.expected)
    .reduce((sum, { scenario }) => sum + scenario.lost.notTheirs, 0);
  return h(
    'section',
    { class: 'alarm', 'aria-labelledby': 'alarm' },
    h(
      'h2',
      { id: 'alarm' },
      h('span', { class: 'big' }, number(total)),
      `${total === 1 ? 'contact' : 'contacts'} lost to a cause that is not theirs`,
    ),
    h(
      'p',
      { class: 'small' },
      'They have the status error now and will not be mailed again, though nothing was said about them. ',
      unexpected === total
        ? 'No scenario expects it.'
        : unexpected === 0
          ? 'The scenarios say so themselves: it is expected there.'
          : `${number(unexpected)} of them are not expected by their scenario.`,
    ),
    list(shown, isOverview),
    folded.length > 0 &&
      h(
        'details',
        {},
        h('summary', { class: 'small' }, count(folded.length, 'more group')),
        list(folded, isOverview),
      ),
    left > 0 && h('p', { class: 'small' }, `and ${count(left, 'contact')} more: the figures have them`),
  );
}

interface Group {
  scenario: ScenarioResult;
  index: number;
  group: LostGroup;
}

function list(groups: readonly Group[], isOverview: boolean): HTMLElement {
  return h('ul', {}, ...groups.map(({ scenario, index, group }) => item(scenario, index, group, isOverview)));
}

function item(scenario: ScenarioResult, index: number, group: LostGroup, isOverview: boolean): HTMLElement {
  return h(
    'li',
    {},
    h('span', { class: 'n hard' }, number(group.contacts)),
    h(
      'div',
      {},
      h(
        'span',
        {},
        'at ',
        h('b', {}, place(group.domain)),
        ` in ${group.mailing}: ${group.cause}`,
        group.why === 'soft-bounces' && ', soft bounces in a row',
        group.stage !== undefined && `, said at ${group.stage}`,
      ),
      scenario.lost.expected && [' ', h('span', { class: 'expected' }, 'expected by the scenario')],
      group.said !== undefined && h('div', {}, mono(group.said)),
      isOverview && h('div', { class: 'small' }, h('a', { href: link('s', index) }, said(scenario.name))),
    ),
  );
}
