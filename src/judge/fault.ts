// A fault of the sender under test: what an external sender did that ends its run, as a failure.

import type { SenderPlan } from '../scenarios/plan.js';
import type { Failure } from '../results/result.js';

/** What a sender did that ends its run. */
export interface SenderFault {
  /** What it did, with `it` for the sender. */
  message: string;
  details: string[];
  hint?: string;
}

/** The fault as a failure, at the place that names the sender. */
export function faultFailure({ message, details, hint }: SenderFault, sender: SenderPlan): Failure {
  return {
    ...sender.location,
    message: `the sender ${sender.name} is at fault: ${message}`,
    expected: '',
    actual: '',
    details,
    ...(hint === undefined ? {} : { hint }),
  };
}
