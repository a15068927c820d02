// The warning at the top of a page about contacts lost to a cause that is not theirs, such as a 554 greeting
// that gives a whole domain status error. It lists each group with the reply of the server.

import type { LostGroup, ScenarioResult } from '../../results/result.js';
import { link } from './data.js';
import { h, mono, breakable, bdi } from '../ui/dom.js';
import { count, number } from '../ui/words.js';

export interface LostAt {
  scenario: ScenarioResult;
  index: number;
}

/** Groups shown at once; the others are folded. */
const SHOWN_MAX = 3;
/** Groups that are folded; of a run of very many scenarios the figures have the others. */
const FOLDED_MAX = 500;

/** @returns undefined when there are no such contacts */
export function alarm(places: readonly LostAt[], isOverview: boolean): HTMLElement | undefined {
  const hit = places.filter(({ scenario }) => scenario.lost.notTheirs > 0);
  const total = hit.reduce((sum, { scenario }) => sum + scenario.lost.notTheirs, 0);
  if (total === 0) return undefined;
  const groups = hit
    .flatMap(({ scenario, index }) => scenario.lost.groups.map((group) => ({ scenario, index, group })))
    .sort(
      // Unexpected losses first.
      (a, b) =>
        Number(a.scenario.lost.expected) - Number(b.scenario.lost.expected) ||
        b.group.contacts - a.group.contacts,
    );
  const shown = groups.slice(0, SHOWN_MAX);
  const folded = groups.slice(SHOWN_MAX, SHOWN_MAX + FOLDED_MAX);
  const left = total - [...shown, ...folded].reduce((sum, { group }) => sum + group.contacts, 0);
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
      'They have status error and get no more mailings, although no reply was about their mailboxes. ',
      unexpected === total
        ? 'No scenario expects this.'
        : unexpected === 0
          ? 'Their scenarios expect this.'
          : `The scenarios do not expect this for ${number(unexpected)} of them.`,
    ),
    list(shown, isOverview),
    folded.length > 0 &&
      h(
        'details',
        {},
        h('summary', { class: 'small' }, count(folded.length, 'more group')),
        list(folded, isOverview),
      ),
    left > 0 &&
      h('p', { class: 'small' }, `and ${count(left, 'contact')} more, which only the figures contain`),
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
        h('b', {}, breakable(group.domain)),
        ` in ${group.mailing}: ${group.cause}`,
        group.why === 'soft-bounces' && ', soft bounces in a row',
        group.stage !== undefined && `, reply at ${group.stage}`,
      ),
      scenario.lost.expected && [' ', h('span', { class: 'expected' }, 'expected by the scenario')],
      group.said !== undefined && h('div', {}, mono(group.said)),
      isOverview && h('div', { class: 'small' }, h('a', { href: link('s', index) }, bdi(scenario.name))),
    ),
  );
}
