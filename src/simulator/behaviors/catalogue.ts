// `catalogue`: says a reply of the catalogue as it was recorded, with its placeholders filled.

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

/** What the loader adds: the reply behind the name. */
interface Resolved {
  said?: Reply;
}

export const catalogue = defineBehavior({
  name: 'catalogue',
  summary:
    'Says a reply of the catalogue, in the words of its provider, at the stage where that says it or at the named one. A 421 closes the connection.',
  parameters,
  points: ALL_STAGES,
  // The loader knows the stage of the reply; where no source tells, it asks for one.
  defaultPoint: () => undefined,
  objections: afterObjections,
  decide(params, situation) {
    const { said } = params as Resolved;
    if (!said) return undefined;
    const reply = fillReply(said, situation);
    return { kind: 'reply', reply, close: reply.code === 421, afterMs: params.after ?? DEFAULT_AFTER_MS };
  },
});
