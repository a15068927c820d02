// `auto-reply`: the message is in the inbox, and a vacation notice is sent back (RFC 3834).

import { z } from 'zod';
import { positiveDurationField } from '../../base/schema-fields.js';
import { defineBehavior } from './behavior.js';
import { everyObjections } from './return-later.js';

export const autoReply = defineBehavior({
  name: 'auto-reply',
  summary:
    'Takes the message (250) and sends an automatic reply to its return path `after` a time. It is no bounce.',
  parameters: z.strictObject({
    after: positiveDurationField().describe('How long after the acceptance the reply is sent'),
    times: z.int().min(1).max(100).default(1).describe('How many times it is sent'),
    every: positiveDurationField().prefault('1m').describe('Time between two of them'),
    text: z.string().default('I am out of the office until Monday.').describe('Text of the reply'),
  }),
  points: ['message'],
  defaultPoint: () => 'message',
  objections: ({ params: { times }, isGiven }) => everyObjections(times, isGiven('every')),
  decide: ({ after, times, every, text }) => ({
    kind: 'accept',
    placement: 'inbox',
    comesBack: { kind: 'auto-reply', afterMs: after, times, everyMs: every, text },
  }),
});
