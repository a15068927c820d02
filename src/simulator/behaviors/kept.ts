// The `kept` parameter of behaviors that leave the client without a reply to its message, and the check
// of its use.

import { z } from 'zod';
import type { Objection, Written } from './behavior.js';

export function keptParameter() {
  return z
    .boolean()
    .default(false)
    .describe('At stage `message`: whether the server keeps the message all the same');
}

export function keptObjections({ at, isGiven }: Written<unknown>): Objection[] {
  if (at === 'message' || !isGiven('kept')) return [];
  return [
    {
      key: 'kept',
      message: '`kept` has an effect only at stage `message`: before it there is no message to keep',
      hint: 'add `stage: message`, or leave `kept` out',
    },
  ];
}
