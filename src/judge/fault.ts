// A fault of an external sender: a breach of its contract, which ends the run with a failure.

import type { SenderPlan } from '../scenarios/plan.js';
import type { Failure } from '../results/result.js';

/** A breach of the contract by the sender under test, which ends the run. */
export interface SenderFault {
  /** The breach, with `it` for the sender. */
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
