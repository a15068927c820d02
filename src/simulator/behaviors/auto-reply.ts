// `auto-reply`: the message is in the inbox, and somebody's holiday notice comes back (RFC 3834).

import { z } from 'zod';
import { positiveDurationField } from '../../base/schema-fields.js';
import { defineBehavior } from './behavior.js';
import { everyObjections } from './return-later.js';

export const autoReply = defineBehavior({
  name: 'auto-reply',
  summary:
    'Takes the message (250); `after` a time an automatic reply comes back to its return path. It bounces nothing.',
  parameters: z.strictObject({
    after: positiveDurationField().describe('How long after the acceptance the reply comes'),
    times: z.int().min(1).max(100).default(1).describe('How many times it comes'),
    every: positiveDurationField().prefault('1m').describe('How long after each other'),
    text: z.string().default('I am out of the office until Monday.').describe('What it says'),
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
