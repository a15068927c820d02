// `down`: no server listens; the TCP handshake is answered with RST.

import { z } from 'zod';
import { defineBehavior } from './behavior.js';

export const down = defineBehavior({
  name: 'down',
  summary: 'Refuses every connection.',
  parameters: z.strictObject({}),
  points: ['dial'],
  defaultPoint: () => 'dial',
  decide: () => ({ kind: 'refuse' }),
});
