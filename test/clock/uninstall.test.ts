// Uninstalling the virtual clock: every global is restored, and real time is unchanged.

import { scheduler } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { setRealInterval, setRealTimeout, systemClock, wallDate, wallNow } from '../../src/clock/system.js';
import { VirtualClock } from '../../src/clock/virtual.js';

let clock: VirtualClock | undefined;

afterEach(() => {
  clock?.uninstall();
  clock = undefined;
});

/** Everything that the clock replaces. */
function globals(): Record<string, unknown> {
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, Date } =
    globalThis;
  return {
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    setImmediate,
    clearImmediate,
    Date,
    performanceNow: Reflect.get(globalThis.performance, 'now'),
    hrtime: process.hrtime,
    abortTimeout: Reflect.get(AbortSignal, 'timeout'),
    schedulerWait: Reflect.get(scheduler, 'wait'),
  };
}

it('restores every global', () => {
  const before = globals();
  clock = VirtualClock.install();
  const during = globals();
  for (const name of Object.keys(before)) expect(during[name], name).not.toBe(before[name]);
  clock.uninstall();
  clock = undefined;
  const after = globals();
  for (const name of Object.keys(before)) expect(after[name], name).toBe(before[name]);
  expect(Math.abs(Date.now() - wallDate().getTime())).toBeLessThan(1000);
});

it('can be installed again, and starts over at zero', async () => {
  clock = VirtualClock.install();
  clock.at(500, () => undefined);
  await clock.run({ horizonMs: 1000 });
  expect(clock.now()).toBe(500);
  clock.uninstall();
  clock = VirtualClock.install();
  expect(clock.now()).toBe(0);
  expect(clock.pending()).toBe(0);
});

it('leaves real time reachable while it is installed', async () => {
  clock = VirtualClock.install();
  const started = wallNow();
  await new Promise<void>((resolve) => void setRealTimeout(resolve, 15));
  expect(wallNow() - started).toBeGreaterThanOrEqual(14);
  expect(Math.abs(wallDate().getTime() - Date.now())).toBeGreaterThan(1000);
  let ticks = 0;
  await new Promise<void>((resolve) => {
    const cancel = setRealInterval(() => {
      if (++ticks < 3) return;
      cancel();
      resolve();
    }, 1);
  });
  expect(ticks).toBe(3);
  const cancelled = setRealTimeout(() => ticks++, 1);
  cancelled();
  await new Promise<void>((resolve) => void setRealTimeout(resolve, 10));
  expect(ticks).toBe(3);
});

it('has a system clock behind the same port', async () => {
  const real = systemClock();
  expect(real.now()).toBeLessThan(1000);
  expect(Math.abs(real.date().getTime() - Date.now())).toBeLessThan(1000);
  const seen: string[] = [];
  real.after(1, () => seen.push('gone')).cancel();
  await new Promise<void>((resolve) => void real.after(10, resolve));
  expect(real.now()).toBeGreaterThanOrEqual(9);
  expect(seen).toEqual([]);
});
