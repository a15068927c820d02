// The sentence that every reporter uses for a failed expectation: the expected and the found value.

import type { Failure } from '../results/result.js';

/** `expected 1000, found 999`; empty for a failure without two values to compare, such as a deadlock. */
export function comparison(failure: Failure): string {
  if (failure.expected === '' && failure.actual === '') return '';
  return `expected ${failure.expected}, found ${failure.actual}`;
}
