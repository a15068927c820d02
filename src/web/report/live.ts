// The parts of a scenario's view that are about a live fleet: its sender reports nothing, so that the figures of the
// response, attempts and contacts are not known.

import type { NotJudged, ScenarioResult } from '../../results/result.js';
import { breakable, h } from '../ui/dom.js';
import { table } from '../ui/table.js';
import { number } from '../ui/words.js';

/** Whether the sender of a scenario was a process of its own, which reports nothing. */
export function isLive({ wire }: ScenarioResult): boolean {
  return wire === 'live';
}

/** What the servers know of the mailings of a live fleet. */
export function livePlacement({ mailings }: ScenarioResult): Node[] {
  const placements = ['inbox', 'junk', 'discarded', 'returned'] as const;
  return [
    h(
      'section',
      {},
      h('h2', {}, 'Messages accepted'),
      h(
        'p',
        { class: 'small quiet' },
        'As the servers saw them. The sender was a process of its own: what it made of their replies is not known.',
      ),
      table<[string, ScenarioResult['mailings'][string]]>(
        'Messages accepted',
        [
          { label: 'Mailing', isWide: true, cell: ([name]) => breakable(name) },
          ...placements.map((placement) => ({
            label: placement,
            isNumber: true,
            cell: ([, mailing]: [string, ScenarioResult['mailings'][string]]) => mailing.placement[placement],
          })),
        ],
        Object.entries(mailings),
      ),
    ),
  ];
}

/** Expectations that servers could not judge. */
export function notJudgedList({ notJudged = [] }: ScenarioResult): Node[] {
  if (notJudged.length === 0) return [];
  return [
    h(
      'section',
      {},
      h('h2', {}, `Not judged (${number(notJudged.length)})`),
      table<NotJudged>(
        'Not judged',
        [
          { label: 'Place', cell: ({ file, line, column }) => breakable(`${file}:${line}:${column}`) },
          { label: 'Expectation', isWide: true, cell: ({ subject }) => breakable(subject) },
          { label: 'Why', isWide: true, cell: ({ reason }) => reason },
        ],
        notJudged,
      ),
    ),
  ];
}
