// `unreachable`: packets are lost; the TCP handshake is never answered and the client times out.

import { z } from 'zod';
import { defineBehavior } from './behavior.js';

export const unreachable = defineBehavior({
  name: 'unreachable',
  summary: 'Answers no handshake: the client waits until it times out.',
  parameters: z.strictObject({}),
  points: ['dial'],
  defaultPoint: () => 'dial',
  decide: () => ({ kind: 'ignore' }),
});
