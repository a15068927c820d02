// `unreachable`: packets get lost; the TCP handshake is never answered and the client gives up.

import { z } from 'zod';
import { defineBehavior } from './behavior.js';

export const unreachable = defineBehavior({
  name: 'unreachable',
  summary: 'Answers no handshake: the client waits until it gives up.',
  parameters: z.strictObject({}),
  points: ['dial'],
  defaultPoint: () => 'dial',
  decide: () => ({ kind: 'ignore' }),
});
