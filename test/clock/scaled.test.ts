// The clock of a live fleet: the system's times a factor.

import { expect, onTestFinished, test } from 'vitest';
import { ScaledClock } from '../../src/clock/scaled.js';

test('times pass as many times faster as it is told, and dates with them', () => {
  const clock = new ScaledClock(1_000_000);
  const before = clock.now();
  const real = new ScaledClock(1);
  // A real millisecond is a thousand seconds here.
  while (real.now() < 1);
  expect(clock.now() - before).toBeGreaterThanOrEqual(1_000_000);
  expect(clock.date(3_600_000).getTime() - clock.startedAt.getTime()).toBe(3_600_000);
});

test('a timer never runs before it is due', async () => {
  const clock = new ScaledClock(600);
  for (const ms of [0, 1, 599, 600, 601, 1700]) {
    const due = clock.now() + ms;
    await new Promise<void>((done) => void clock.after(ms, done));
    expect(clock.now()).toBeGreaterThanOrEqual(due);
  }
});

test('a timer that is cancelled does not run', async () => {
  const clock = new ScaledClock(600);
  let ran = false;
  clock.after(10, () => (ran = true)).cancel();
  await new Promise<void>((done) => void clock.after(3000, done));
  expect(ran).toBe(false);
});

test('it notes how late its timers run, also while none is due', async () => {
  const clock = new ScaledClock(10);
  clock.watchLag();
  onTestFinished(() => clock.stop());
  const real = new ScaledClock(1);
  while (real.now() < 60);
  await new Promise<void>((done) => void clock.after(0, done));
  // The look at the lag was due after 20 ms.
  await new Promise<void>((done) => void clock.after(10, done));
  expect(clock.lagMs).toBeGreaterThanOrEqual(30);
});
