// A virtual clock for one test: installed on demand, and always taken out again after it.

import { onTestFinished } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual.js';

/** Takes over time until the test is over. */
export function installClock(): VirtualClock {
  const clock = VirtualClock.install();
  onTestFinished(() => clock.uninstall());
  return clock;
}
