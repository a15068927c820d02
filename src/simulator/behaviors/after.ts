// The `after` parameter of what can happen on an idle connection, and what it does not go with.

import { durationField } from '../../base/schema-fields.js';
import type { Objection, Written } from './behavior.js';

/** How long a connection is idle when nothing else is said, ms. */
export const DEFAULT_AFTER_MS = 1000;

export function afterParameter() {
  return durationField()
    .optional()
    .describe('At stage `idle`: how long the connection has been idle by then; 1s when absent');
}

export function afterObjections({ at, isGiven }: Written<unknown>): Objection[] {
  if (at === 'idle' || !isGiven('after')) return [];
  return [
    {
      key: 'after',
      message:
        '`after` only means something at stage `idle`: everywhere else the server acts when it is asked',
      hint: 'add `stage: idle`, or leave `after` out',
    },
  ];
}
