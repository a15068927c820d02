// `greylist`: an unknown tuple of sender, recipient and client is deferred. RFC 6647, 2.3: the time runs
// from the first attempt of the tuple, not from the latest.

import { z } from 'zod';
import { durationField } from '../../base/schema-fields.js';
import { defineBehavior, refusal } from './behavior.js';

export const greylist = defineBehavior({
  name: 'greylist',
  summary:
    'Answers 451 4.7.1 until `for` has passed since this sender, recipient and client were first seen.',
  cause: 'greylisted',
  parameters: z.strictObject({
    for: durationField().prefault('5m').describe('How long a new tuple is deferred'),
  }),
  points: ['rcpt'],
  defaultPoint: () => 'rcpt',
  mayPass: () => true,
  decide(params, situation) {
    const { client, sender, recipient, now, notes } = situation;
    const tuple = `${client} ${sender} ${recipient}`;
    const firstSeen = notes.get(tuple) ?? now;
    notes.set(tuple, firstSeen);
    if (now - firstSeen >= params.for) return undefined;
    const lines = ['Greylisted, please try again later'];
    return refusal(situation, 'greylisted', { code: 451, enhanced: '4.7.1', lines });
  },
});
