// `accept`: takes the message, and says nowhere what becomes of it.

import { z } from 'zod';
import { defineBehavior } from './behavior.js';

export const accept = defineBehavior({
  name: 'accept',
  summary:
    'Takes the message (250); `placement` says what becomes of it. Ends the search: later behaviors are not asked.',
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
