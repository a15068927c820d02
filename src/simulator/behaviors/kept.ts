// The `kept` parameter of what leaves the client without an answer to its message, and what it
// does not go with.

import { z } from 'zod';
import type { Objection, Written } from './behavior.js';

export function keptParameter() {
  return z.boolean().default(false).describe('At stage `message`: whether the message was kept all the same');
}

export function keptObjections({ at, isGiven }: Written<unknown>): Objection[] {
  if (at === 'message' || !isGiven('kept')) return [];
  return [
    {
      key: 'kept',
      message: '`kept` only means something at stage `message`: before it there is nothing to keep',
      hint: 'add `stage: message`, or leave `kept` out',
    },
  ];
}
