// `unresponsive`: the connection is open and the server sends nothing. At `message` the client cannot
// know whether its message was kept (RFC 1047).

import { z } from 'zod';
import { durationField } from '../../base/schema-fields.js';
import { defineBehavior } from './behavior.js';
import { keptObjections, keptParameter } from './kept.js';
import { stageParameter } from './stage.js';

const POINTS = ['connect', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'body', 'message'] as const;

export const unresponsive = defineBehavior({
  name: 'unresponsive',
  summary:
    'Accepts the connection, then sends nothing at `stage`, for ever or `for` a time; at `body` it reads no more of the message.',
  parameters: z.strictObject({
    stage: stageParameter(POINTS),
    for: durationField()
      .optional()
      .describe('How long it is silent before it continues; for ever when absent'),
    kept: keptParameter(),
  }),
  points: POINTS,
  defaultPoint: (scope) => (scope === 'mailbox' ? 'rcpt' : 'connect'),
  mayPass: (params) => params.for !== undefined,
  objections: keptObjections,
  decide: (params) => ({
    kind: 'silence',
    kept: params.kept,
    ...(params.for === undefined ? {} : { ms: params.for }),
  }),
});
