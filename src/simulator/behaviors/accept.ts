// `accept`: takes the message; where the message goes then is not visible to the client.

import { z } from 'zod';
import { defineBehavior } from './behavior.js';

export const accept = defineBehavior({
  name: 'accept',
  summary: 'Takes the message (250); `placement` sets what becomes of it. Later behaviors are not asked.',
  parameters: z.strictObject({
    placement: z
      .enum(['inbox', 'junk', 'discarded'])
      .default('inbox')
      .describe('What becomes of the accepted message'),
  }),
  points: ['any'],
  defaultPoint: () => 'any',
  decide: ({ placement }) => ({ kind: 'accept', placement }),
});
