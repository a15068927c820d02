// `return-later`: the server takes the message, finds out later that it cannot be delivered, and
// sends a bounce message to the return path (RFC 3464).

import { z } from 'zod';
import { positiveDurationField } from '../../schema-fields.js';
import { defineBehavior } from './behavior.js';

const STATUS_TEXT = 'an enhanced status code such as 5.1.1 or 4.2.2';

/** What servers say with the status codes that come back most (RFC 3463). */
const TEXTS: Record<string, string> = {
  '1.1': 'The email account that you tried to reach does not exist',
  '1.2': 'Host or domain name not found',
  '2.1': 'The email account that you tried to reach is disabled',
  '2.2': 'The recipient mailbox is full',
  '4.1': 'No answer from host',
  '4.7': 'Delivery time expired',
  '7.1': 'Delivery not authorized, message refused',
};

export const returnLater = defineBehavior({
  name: 'return-later',
  summary:
    'Takes the message (250); `after` a time a bounce message (RFC 3464) comes back to its return path. Placement `returned`.',
  parameters: z.strictObject({
    after: positiveDurationField().describe('How long after the acceptance the bounce message comes'),
    status: z
      .string({ error: STATUS_TEXT })
      .regex(/^[45]\.\d{1,3}\.\d{1,3}$/, STATUS_TEXT)
      .default('5.1.1')
      .describe('Status code in it (RFC 3463): 5.x.x makes a hard bounce, 4.x.x a soft one'),
    action: z
      .enum(['failed', 'delayed'])
      .default('failed')
      .describe('`delayed` says that the server is still trying: nothing has been decided'),
    times: z.int().min(1).max(100).default(1).describe('How many times the same bounce message comes'),
    every: positiveDurationField().prefault('1m').describe('How long after each other'),
    text: z.string().optional().describe('What the mailbox said; by default what fits the status'),
  }),
  points: ['message'],
  defaultPoint: () => 'message',
  decide: ({ after, status, action, times, every, text }) => ({
    kind: 'accept',
    placement: action === 'failed' ? 'returned' : 'inbox',
    comesBack: {
      kind: 'bounce',
      afterMs: after,
      times,
      everyMs: every,
      status,
      action,
      text: text ?? TEXTS[status.slice(2)] ?? 'The message could not be delivered',
    },
  }),
});
