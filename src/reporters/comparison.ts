// The one sentence that every reporter says about a failed expectation.

import type { Failure } from '../results/result.js';

/** `expected 1000, found 999`; empty for a failure that compares nothing, such as a deadlock. */
export function comparison(failure: Failure): string {
  if (failure.expected === '' && failure.actual === '') return '';
  return `expected ${failure.expected}, found ${failure.actual}`;
}
