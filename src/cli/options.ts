// The parsed options of `run`, which its modules share, and the version of the package.

import { readFileSync } from 'node:fs';
import { shippedPath } from '../base/package-root.js';
import type { StoreKind, WireKind } from '../scenarios/plan.js';

/** Version of this package. */
export function version(): string {
  return (JSON.parse(readFileSync(shippedPath('package.json'), 'utf8')) as { version: string }).version;
}

export interface RunOptions {
  grep?: string;
  seed?: string;
  policy?: string;
  sender?: string;
  wire?: WireKind;
  store?: StoreKind;
  workers?: number;
  reporter?: string;
  output: string;
  /** Write the page of the run; false with --no-html. */
  html: boolean;
  /** Number of runs whose reports are kept. */
  keep: number;
  bail: boolean;
  lastFailed: boolean;
  watch: boolean;
  checkDeterminism: boolean;
  /** Baseline file that the results are compared with. */
  baseline?: string;
  /** Accept the results as the baseline. */
  updateBaseline: boolean;
  /** File for the contacts after the run. */
  exportContacts?: string;
  /** Milliseconds of real time. */
  timeout: number;
  debug?: boolean;
}
