// Real time, for use outside a simulation: the duration and start of a run, the watchdog. Its functions
// are bound when the module loads, before a virtual clock can replace them in the same thread.

import type { Clock } from './clock.js';

const realPerformance = globalThis.performance;
const realNow = realPerformance.now.bind(realPerformance);
const RealDate = globalThis.Date;
const realSetTimeout = globalThis.setTimeout;
const realClearTimeout = globalThis.clearTimeout;
const realSetInterval = globalThis.setInterval;
const realClearInterval = globalThis.clearInterval;

/** Longest delay of a Node timer; a longer one would fire at once. */
const TIMER_DELAY_MS_MAX = 2 ** 31 - 1;

/** Real milliseconds on a clock that never goes back; only differences mean something. */
export function wallNow(): number {
  return realNow();
}

/** The real date and time of day. */
export function wallDate(): Date {
  return new RealDate();
}

/** A fixed date. @param text such as 2026-01-01T00:00:00Z */
export function calendarDate(text: string): Date {
  return new RealDate(text);
}

/** Runs `fn` once after `ms` of real time. @returns a function that cancels it */
export function setRealTimeout(fn: () => void, ms: number): () => void {
  const timer = realSetTimeout(fn, ms);
  return () => realClearTimeout(timer);
}

/** Runs `fn` every `ms` of real time. @returns a function that cancels it */
export function setRealInterval(fn: () => void, ms: number): () => void {
  const timer = realSetInterval(fn, ms);
  return () => realClearInterval(timer);
}

/** Real time behind the Clock port. `now` counts from the moment it was made. */
export function systemClock(): Clock {
  const origin = realNow();
  return {
    now: () => realNow() - origin,
    date: (at = realNow() - origin) => new RealDate(RealDate.now() + at - (realNow() - origin)),
    after(ms, fn) {
      let timer: NodeJS.Timeout;
      const wait = (left: number): void => {
        const now = Math.min(left, TIMER_DELAY_MS_MAX);
        timer = realSetTimeout(() => (left > now ? wait(left - now) : fn()), now);
      };
      wait(ms);
      return { cancel: () => realClearTimeout(timer) };
    },
  };
}
