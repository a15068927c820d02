// `busy`: the server is up but temporarily unavailable. RFC 5321, 3.8 and 4.2.2; RFC 3463, X.3.2.

import { z } from 'zod';
import { defineBehavior, refusal } from './behavior.js';
import { afterObjections, afterParameter, DEFAULT_AFTER_MS } from './after.js';
import { ALL_STAGES, stageParameter } from './stage.js';

export const busy = defineBehavior({
  name: 'busy',
  summary:
    'Answers 421 4.3.2 at connect, ehlo, body and idle and closes, 454 4.3.2 at starttls, 450 4.3.2 at rcpt, or 451 4.3.2 at another named stage.',
  cause: 'server-busy',
  parameters: z.strictObject({ stage: stageParameter(ALL_STAGES), after: afterParameter() }),
  points: ALL_STAGES,
  defaultPoint: (scope) => (scope === 'mailbox' ? 'rcpt' : 'connect'),
  objections: afterObjections,
  decide({ after = DEFAULT_AFTER_MS }, situation) {
    const { point, host } = situation;
    if (point === 'connect' || point === 'ehlo' || point === 'body' || point === 'idle') {
      const lines = [`${host} Service not available, closing transmission channel`];
      const own = { code: 421, enhanced: '4.3.2', lines };
      return refusal(situation, 'server-busy', own, { close: true, afterMs: after });
    }
    if (point === 'starttls') {
      // Not the provider's reply: a server that cannot do TLS now may well accept mail.
      const lines = ['TLS not available due to temporary reason'];
      return { kind: 'reply', reply: { code: 454, enhanced: '4.3.2', lines } };
    }
    const code = point === 'rcpt' ? 450 : 451;
    const lines = ['System busy, try again later'];
    return refusal(situation, 'server-busy', { code, enhanced: '4.3.2', lines });
  },
});
