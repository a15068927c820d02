// Small charts in table rows: the states of a mailing's deliveries, and counts over time. The tables contain
// the same figures as text.

import type { Histogram } from '../../results/view/view.js';
import { s } from './dom.js';

export interface Part {
  color: string;
  count: number;
}

/** A stacked bar; empty when all counts are 0. */
export function stackedBar(parts: readonly Part[], label: string): SVGElement {
  const total = parts.reduce((sum, { count }) => sum + count, 0) || 1;
  const svg = s('svg', {
    class: 'mix',
    viewBox: '0 0 1000 8',
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': label,
  });
  svg.append(s('rect', { width: 1000, height: 8, fill: 'var(--sunken)' }));
  let x = 0;
  const shown = parts.filter(({ count }) => count > 0);
  for (const { color, count } of shown) {
    // Even the smallest part stays visible.
    const width = Math.max(6, (count / total) * 1000);
    const gap = color === shown.at(-1)!.color ? 0 : 3;
    svg.append(s('rect', { x, width: Math.max(2, width - gap), height: 8, fill: `var(--${color})` }));
    x += width;
  }
  return svg;
}

const COLUMNS = 120;

/** A histogram over time with stacked columns. */
export function strip(
  { stepMs, series }: Histogram,
  order: readonly { name: string; color: string }[],
  endMs: number,
  label: string,
): SVGElement {
  const columns: number[][] = Array.from({ length: COLUMNS }, () => order.map(() => 0));
  const span = Math.max(endMs, stepMs);
  for (const [row, { name }] of order.entries()) {
    for (const [step, count] of (series[name] ?? []).entries()) {
      if (count === 0) continue;
      const column = Math.min(COLUMNS - 1, Math.floor(((step * stepMs) / span) * COLUMNS));
      columns[column]![row]! += count;
    }
  }
  const highest = Math.max(1, ...columns.map((column) => column.reduce((sum, count) => sum + count, 0)));
  const svg = s('svg', {
    class: 'strip',
    viewBox: `0 0 ${COLUMNS * 4} 30`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': label,
  });
  svg.append(s('rect', { y: 29, width: COLUMNS * 4, height: 1, fill: 'var(--line)' }));
  for (const [index, column] of columns.entries()) {
    let y = 29;
    for (const [row, count] of column.entries()) {
      if (count === 0) continue;
      const height = Math.max(2, (count / highest) * 27);
      y -= height;
      svg.append(
        s('rect', { x: index * 4, y: Math.max(0, y), width: 3, height, fill: `var(--${order[row]!.color})` }),
      );
    }
  }
  return svg;
}
