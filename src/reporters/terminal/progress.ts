// How many deliveries of a scenario were in progress over virtual time, in one line of a terminal.

import type { LevelOverTime } from '../../results/result.js';
import { formatDuration } from '../../base/units.js';
import { thousands } from '../figures.js';
import { displayWidth } from './layout.js';
import { sparkline } from './sparkline.js';

const LABEL = 'in progress ';
const SPARK_COLUMNS = 60;
/** Shorter than this a curve says nothing: the words beside it give way to it, and then the line goes. */
const SPARK_COLUMNS_MIN = 12;

/** @returns undefined where no time passed with deliveries in progress, or nothing fits */
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
