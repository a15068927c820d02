// Moments of an experiment. Many a bug shows only at the very instant at which something else happens:
// hence often one at which a mailing begins or a retry is due, or a little before or after it.

import type { Draw } from './draw.js';

const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Distances from the instant itself, ms: the same one, one beside it, within a dialogue, just after it. */
const BESIDE_MS: readonly ((draw: Draw) => number)[] = [
  () => 0,
  (draw) => draw.one([-1, 1]),
  (draw) => draw.int(1, 60),
  (draw) => draw.int(60, 12_000),
  (draw) => 1000 * draw.int(1, 120),
];

/** How often bytes are under way until a first message has been taken: greeting, four commands and the dot. */
const WAYS_OF_A_MESSAGE = 11;

interface MomentsOptions {
  /** Latest moment, but for what lies a little after it, ms. */
  untilMs: number;
  /** Steps of the grid of retries, ms. */
  stepsMs: readonly number[];
  latencyMs: number;
}

/** A duration as a scenario file writes it, to the millisecond. */
export function durationText(ms: number): string {
  let left = ms;
  let text = '';
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text === '' ? '0s' : text;
}

export class Moments {
  /** When mailings begin to be sent, ms. */
  private readonly starts: number[] = [];

  constructor(
    private readonly draw: Draw,
    private readonly options: MomentsOptions,
  ) {}

  /** Tells of a mailing that is in progress from this moment on. */
  begins(ms: number): void {
    this.starts.push(ms);
  }

  /** Any moment, ms. */
  any(): number {
    const { draw } = this;
    if (this.starts.length > 0 && draw.chance(0.6)) return this.beside(draw.one(this.starts));
    const hours = draw.int(0, Math.floor(this.options.untilMs / HOUR_MS)) * HOUR_MS;
    if (draw.chance(0.3)) return hours;
    return hours + draw.one([30, draw.int(1, 59)]) * MINUTE_MS + (draw.chance(0.3) ? 5000 : 0);
  }

  /** A moment soon after the last mailing has begun, while its connections may still be open, ms. */
  soon(): number {
    return this.starts.at(-1)! + this.draw.one([0, this.draw.int(1, 100), 100 * this.draw.int(1, 200)]);
  }

  /**
   * A moment at which a server that has taken a message of the last mailing closes its connection, having
   * been idle for `ms`, while the sender does not know that yet.
   */
  whenIdleFor(ms: number): number {
    const { latencyMs } = this.options;
    const closes = this.starts.at(-1)! + WAYS_OF_A_MESSAGE * latencyMs + ms;
    return Math.max(0, closes + this.draw.int(-latencyMs, latencyMs));
  }

  /** At a retry after `start`, or beside it. */
  private beside(start: number): number {
    const { draw } = this;
    const { stepsMs, untilMs } = this.options;
    let at = start;
    for (let n = draw.one([0, 0, 1, 1, 2, draw.int(0, 20)]); n > 0; n--) at += draw.one(stepsMs);
    const moment = at + draw.one(BESIDE_MS)(draw);
    return moment < 0 || moment > untilMs ? start : moment;
  }
}
