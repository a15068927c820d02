// Draws moments of an experiment. Many bugs appear only when two things happen at the same instant, so it
// often draws one at which a mailing begins or a retry is due, or one shortly before or after it.

import type { Draw } from './draw.js';

const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Distances from an instant, ms: none, 1 ms, within an SMTP dialogue, and up to two minutes. */
const BESIDE_MS: readonly ((draw: Draw) => number)[] = [
  () => 0,
  (draw) => draw.one([-1, 1]),
  (draw) => draw.int(1, 60),
  (draw) => draw.int(60, 12_000),
  (draw) => 1000 * draw.int(1, 120),
];

/** One-way trips until a first message has been accepted: greeting, four commands and the dot. */
const WAYS_OF_A_MESSAGE = 11;

interface MomentsOptions {
  /** Latest moment, ms; one drawn shortly after another may be a little later. */
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
  /** When sending of each mailing begins, ms. */
  private readonly starts: number[] = [];

  constructor(
    private readonly draw: Draw,
    private readonly options: MomentsOptions,
  ) {}

  /** Adds a mailing that is in progress from this moment on. */
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

  /** A moment soon after the last mailing began, while its connections may still be open, ms. */
  soon(): number {
    return this.starts.at(-1)! + this.draw.one([0, this.draw.int(1, 100), 100 * this.draw.int(1, 200)]);
  }

  /**
   * A moment, ms, at which a server closes the connection of the last mailing after it was idle for `ms`, and
   * the sender has not yet received the close.
   */
  whenIdleFor(ms: number): number {
    const { latencyMs } = this.options;
    const closes = this.starts.at(-1)! + WAYS_OF_A_MESSAGE * latencyMs + ms;
    return Math.max(0, closes + this.draw.int(-latencyMs, latencyMs));
  }

  /** At a retry after `start`, or shortly before or after it. */
  private beside(start: number): number {
    const { draw } = this;
    const { stepsMs, untilMs } = this.options;
    let at = start;
    for (let n = draw.one([0, 0, 1, 1, 2, draw.int(0, 20)]); n > 0; n--) at += draw.one(stepsMs);
    const moment = at + draw.one(BESIDE_MS)(draw);
    return moment < 0 || moment > untilMs ? start : moment;
  }
}
