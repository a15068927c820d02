// A broken invariant as a failure of the scenario: the rule, the contact or mailing, and the events that
// show it. Reporters add the command that repeats the run.

import { formatDuration } from '../../base/units.js';
import type { RunEvent } from '../../events/types.js';
import type { Failure } from '../../results/result.js';
import type { Violation } from './index.js';

/** @param file the scenario file; the failure is at its first line */
export function violationFailure(
  { invariant, what, mailing, address, events }: Violation,
  file: string,
): Failure {
  const at = events.at(-1);
  return {
    file,
    line: 1,
    column: 1,
    invariant: invariant.name,
    message: [
      `invariant ${invariant.name} is broken`,
      ...(address === undefined ? [] : [`for ${address}`]),
      ...(mailing === undefined ? [] : [`in ${mailing}`]),
      ...(at ? [`at ${formatDuration(at.t)}`] : []),
    ].join(' '),
    expected: invariant.rule,
    actual: what,
    details: events.map(eventLine),
  };
}

function eventLine({ seq, t, type, ...fields }: RunEvent): string {
  return `event ${seq} at ${formatDuration(t)}: ${type} ${JSON.stringify(fields)}`;
}
