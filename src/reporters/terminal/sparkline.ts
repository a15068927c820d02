// A curve in one line of a terminal: eight heights, one column per step of time.

const HEIGHTS = '▁▂▃▄▅▆▇█';

/**
 * Shows the highest level of each step of time.
 *
 * @param t times at which the level changes, in order
 * @param levels the level from each of these times on
 */
export function sparkline(t: readonly number[], levels: readonly number[], columns: number): string {
  const start = t[0];
  const end = t.at(-1);
  if (start === undefined || end === undefined) return '';
  const highest = Math.max(1, ...levels);
  const span = Math.max(1, end - start);
  let line = '';
  let at = 0;
  let level = 0;
  for (let column = 0; column < columns; column++) {
    const until = start + (span * (column + 1)) / columns;
    let most = level;
    while (at < t.length && t[at]! <= until) {
      level = levels[at++]!;
      most = Math.max(most, level);
    }
    line += most === 0 ? ' ' : HEIGHTS[Math.ceil((most / highest) * HEIGHTS.length) - 1];
  }
  return line;
}
