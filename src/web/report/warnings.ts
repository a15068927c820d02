// Warnings: what scenarios say and what had no effect in the run, such as a behavior that never acted.

import type { ScenarioResult } from '../../results/result.js';
import { link, sourcesOf } from './data.js';
import { h, bdi, mono } from '../ui/dom.js';
import { number } from '../ui/words.js';

/** Warnings shown on one page; run.json has all of them. */
const SHOWN_MAX = 20;

/**
 * @param scenarios with their numbers in the run
 * @param isOverview the name of each scenario is shown too
 * @returns nothing when there are no warnings
 */
export function warnings(
  scenarios: readonly { index: number; result: ScenarioResult }[],
  isOverview: boolean,
): Node[] {
  const all = scenarios.flatMap(({ index, result }) =>
    result.warnings.map((warning) => ({ index, result, warning })),
  );
  if (all.length === 0) return [];
  const items = all.slice(0, SHOWN_MAX).map(({ index, result, warning }) => {
    const { file, line, column, message } = warning;
    const place = mono(`${file}:${line}:${column}`);
    return h(
      'li',
      {},
      isOverview && h('p', {}, h('a', { href: link('s', index) }, bdi(result.name))),
      h('p', {}, bdi(message)),
      h(
        'p',
        { class: 'small' },
        sourcesOf(index)[file] === undefined
          ? place
          : h('a', { href: link('s', index, 'file', file, line) }, place),
      ),
    );
  });
  const more = all.length - items.length;
  return [
    h(
      'section',
      { 'aria-labelledby': 'warnings' },
      h('h2', { id: 'warnings' }, `Warnings (${number(all.length)})`),
      h('ul', { class: 'plain card' }, ...items),
      more > 0 && h('p', { class: 'quiet' }, `and ${number(more)} more in run.json`),
    ),
  ];
}
