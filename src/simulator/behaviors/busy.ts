// `busy`: the server is up and has no time. RFC 5321, 3.8 and 4.2.2; RFC 3463, X.3.2.

import { z } from 'zod';
import { defineBehavior } from './behavior.js';
import { stageParameter } from './stage.js';

const POINTS = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'message'] as const;

export const busy = defineBehavior({
  name: 'busy',
  summary: 'Answers 421 4.3.2 at connect and closes, or 450 4.3.2 / 451 4.3.2 at a named stage.',
  parameters: z.strictObject({ stage: stageParameter(POINTS) }),
  points: POINTS,
  defaultPoint: (scope) => (scope === 'mailbox' ? 'rcpt' : 'connect'),
  decide(_params, { point, host }) {
    if (point === 'connect' || point === 'ehlo') {
      const lines = [`${host} Service not available, closing transmission channel`];
      return { kind: 'reply', reply: { code: 421, enhanced: '4.3.2', lines }, close: true };
    }
    const code = point === 'rcpt' ? 450 : 451;
    return { kind: 'reply', reply: { code, enhanced: '4.3.2', lines: ['System busy, try again later'] } };
  },
});
