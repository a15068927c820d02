// `bouncelab/vitest`: importing it adds the matchers to `expect` of vitest, with their types.

import { expect } from 'vitest';
import type { ContactStatus } from '../../events/types.js';
import type { OfMailing } from '../scenario-run.js';
import * as matchers from './matchers.js';
import type { Count, SeenOptions } from './matchers.js';

export type { Count, SeenOptions } from './matchers.js';
export { scenarioTests } from './scenario-tests.js';
export type { ScenarioTestsOptions } from './scenario-tests.js';

expect.extend({ ...matchers });

/** The matchers, for `expect` with a run of `playScenario`; the two about what was seen take a fleet too. */
export interface BouncelabMatchers {
  /** The scenario passed. The message shows what did not hold, with the lines of the file. */
  toHavePassed(): void;
  /** A number of deliveries, or the one to an address, ended as delivered. */
  toHaveDelivered(countOrAddress: Count, of?: OfMailing): void;
  /** A number of deliveries, or the one to an address, ended as a soft bounce. */
  toHaveSoftBounced(countOrAddress: Count, of?: OfMailing): void;
  /** A number of deliveries, or the one to an address, ended as a hard bounce. */
  toHaveHardBounced(countOrAddress: Count, of?: OfMailing): void;
  /** A contact has this status at the end; all that match, where the address has a `*`. */
  toHaveStatus(address: string, status: ContactStatus, and?: { softBounceStreak?: number }): void;
  /** A server was asked to accept mail for an address this many times. Default: at least once. */
  toHaveBeenSeen(address: string, times?: Count, of?: OfMailing): void;
  /** The times at which a server was asked to accept mail for an address, as offsets from the first. */
  toHaveBeenSeenAt(address: string, offsets: readonly string[], options?: SeenOptions): void;
}

declare module 'vitest' {
  // The declaration that it is merged with has this parameter and this default.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars
  interface Matchers<T = any> extends BouncelabMatchers {}
}
