// Tables whose column labels appear beside the values on a narrow screen, and long tables that show a part
// of their rows at a time.

import { h } from './dom.js';
import { number } from './words.js';

export interface Column<T> {
  label: string;
  /** Figures are right-aligned; 0 is dimmed. */
  isNumber?: boolean;
  /** Uses a whole line on a narrow screen. */
  isWide?: boolean;
  cell: (row: T) => Node | string | number;
}

/** @param kind CSS class for the widths of its columns */
export function table<T>(caption: string, columns: Column<T>[], rows: readonly T[], kind = ''): HTMLElement {
  return h(
    'table',
    { class: `stack ${kind}`.trimEnd(), 'aria-label': caption },
    tableHead(columns),
    h('tbody', {}, ...rows.map((row) => tableRow(columns, row))),
  );
}

export function tableHead<T>(columns: Column<T>[]): HTMLElement {
  const cells = columns.map(({ label, isNumber }) =>
    h('th', { scope: 'col', class: isNumber && 'num' }, label),
  );
  return h('thead', {}, h('tr', {}, ...cells));
}

export function tableRow<T>(columns: Column<T>[], row: T): HTMLElement {
  return h(
    'tr',
    {},
    ...columns.map(({ label, isNumber, isWide, cell }) => {
      const content = cell(row);
      const zero = content === 0 ? ' zero' : '';
      const kind = isNumber ? `num${zero}` : isWide ? 'wide' : '';
      const text = typeof content === 'number' ? number(content) : content;
      return h('td', { class: kind || undefined, 'data-label': isWide ? undefined : label }, text);
    }),
  );
}

const FIRST = 25;
const PART = 200;

/** A table of many rows: shows the first ones, and a button for more. */
export function longTable<T>(
  caption: string,
  columns: Column<T>[],
  rows: readonly T[],
  kind = '',
): HTMLElement {
  const whole = table(caption, columns, rows.slice(0, FIRST), kind);
  if (rows.length <= FIRST) return whole;
  let shown = FIRST;
  const body = whole.querySelector('tbody')!;
  const label = (): string => `Show more (${number(rows.length - shown)} left)`;
  const more = h(
    'button',
    {
      type: 'button',
      click: () => {
        for (const row of rows.slice(shown, shown + PART)) body.append(tableRow(columns, row));
        shown += PART;
        if (shown >= rows.length) more.remove();
        else more.textContent = label();
      },
    },
    label(),
  );
  return h('div', { class: 'cards' }, whole, h('div', {}, more));
}
