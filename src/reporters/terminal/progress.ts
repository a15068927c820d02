// The number of deliveries in progress over virtual time, as one line for a terminal.

import type { LevelOverTime } from '../../results/result.js';
import { formatDuration } from '../../base/units.js';
import { thousands } from '../figures.js';
import { displayWidth } from './layout.js';
import { sparkline } from './sparkline.js';

const LABEL = 'in progress ';
const SPARK_COLUMNS = 60;
/** The curve has at least this width: the text beside it is left out first, then the whole line. */
const SPARK_COLUMNS_MIN = 12;

/** @returns undefined when no virtual time passed with deliveries in progress, or nothing fits */
export function progressLine(
  { t, deliveries }: LevelOverTime = { t: [], deliveries: [] },
  columns: number,
): string | undefined {
  const [from, until] = [t[0], t.at(-1)];
  if (from === undefined || until === undefined || from === until) return undefined;
  const span = ` ${formatDuration(from)} to ${formatDuration(until)}, at most ${thousands(Math.max(...deliveries))}`;
  const room = columns - LABEL.length - 2;
  const roomBesideWords = room - displayWidth(span);
  const fits = roomBesideWords >= SPARK_COLUMNS_MIN;
  const spark = Math.min(SPARK_COLUMNS, fits ? roomBesideWords : room);
  if (spark < SPARK_COLUMNS_MIN) return undefined;
  return `${LABEL}|${sparkline(t, deliveries, spark)}|${fits ? span : ''}`;
}
