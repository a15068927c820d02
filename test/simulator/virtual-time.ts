// A virtual clock for one test: installed on demand, and uninstalled after the test.

import { onTestFinished } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual.js';

/** Installs a virtual clock until the end of the test. */
export function installClock(): VirtualClock {
  const clock = VirtualClock.install();
  onTestFinished(() => clock.uninstall());
  return clock;
}
