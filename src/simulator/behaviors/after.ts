// The `after` parameter of behaviors that can act on an idle connection, and the check of its use.

import { durationField } from '../../base/schema-fields.js';
import type { Objection, Written } from './behavior.js';

/** Idle time of a connection when `after` is absent, ms. */
export const DEFAULT_AFTER_MS = 1000;

export function afterParameter() {
  return durationField()
    .optional()
    .describe('At stage `idle`: how long the connection is idle before the server acts; 1s when absent');
}

export function afterObjections({ at, isGiven }: Written<unknown>): Objection[] {
  if (at === 'idle' || !isGiven('after')) return [];
  return [
    {
      key: 'after',
      message: '`after` has an effect only at stage `idle`: at all other stages the server answers a command',
      hint: 'add `stage: idle`, or leave `after` out',
    },
  ];
}
