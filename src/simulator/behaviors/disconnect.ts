// `disconnect`: the server ends the connection without a reply, by FIN as when it stops or by RST as when
// it crashed. After the final dot the client cannot know whether its message was kept (RFC 1047).

import { z } from 'zod';
import { defineBehavior } from './behavior.js';
import { afterObjections, afterParameter, DEFAULT_AFTER_MS } from './after.js';
import { keptObjections, keptParameter } from './kept.js';
import { ALL_STAGES, stageParameter } from './stage.js';

export const disconnect = defineBehavior({
  name: 'disconnect',
  summary: 'Ends the connection at `stage` without a reply, by FIN, or by RST with `how: rst`.',
  parameters: z.strictObject({
    stage: stageParameter(ALL_STAGES),
    how: z
      .enum(['fin', 'rst'])
      .default('fin')
      .describe('FIN, as when a server stops, or RST, as when it crashed'),
    after: afterParameter(),
    kept: keptParameter(),
  }),
  points: ALL_STAGES,
  defaultPoint: (scope) => (scope === 'mailbox' ? 'rcpt' : 'connect'),
  objections: (written) => [...afterObjections(written), ...keptObjections(written)],
  decide: ({ how, after = DEFAULT_AFTER_MS, kept }) => ({ kind: 'drop', how, kept, afterMs: after }),
});
