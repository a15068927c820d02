// `catalogue`: sends a reply of the catalogue as it was recorded, with its placeholders filled.

import { z } from 'zod';
import type { Reply } from '../../events/types.js';
import { fillReply } from './profile-words.js';
import { afterObjections, afterParameter, DEFAULT_AFTER_MS } from './after.js';
import { defineBehavior } from './behavior.js';
import { ALL_STAGES, stageParameter } from './stage.js';

const ENTRY_TEXT = 'a reply of the catalogue, PROVIDER/REPLY, such as yahoo/mailbox-full';

const parameters = z.strictObject({
  entry: z
    .string({ error: ENTRY_TEXT })
    .regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, ENTRY_TEXT)
    .describe(`Its name: ${ENTRY_TEXT}`),
  stage: stageParameter(ALL_STAGES),
  after: afterParameter(),
});

/** Added by the loader: the reply of that name. */
interface Resolved {
  said?: Reply;
}

export const catalogue = defineBehavior({
  name: 'catalogue',
  summary:
    'Sends a reply of the catalogue, with the text of its provider, at the stage where the provider sends it or at the named one. A 421 closes the connection.',
  parameters,
  points: ALL_STAGES,
  // The loader knows the stage of the reply; when no source names it, a scenario must give one.
  defaultPoint: () => undefined,
  objections: afterObjections,
  decide(params, situation) {
    const { said } = params as Resolved;
    if (!said) return undefined;
    const reply = fillReply(said, situation);
    return { kind: 'reply', reply, close: reply.code === 421, afterMs: params.after ?? DEFAULT_AFTER_MS };
  },
});
