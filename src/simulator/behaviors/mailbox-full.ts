// `mailbox-full`: the mailbox is over quota (RFC 3463, X.2.2). Real providers use both the temporary
// 452 4.2.2 and the permanent 552 5.2.2 for it.

import { z } from 'zod';
import { defineBehavior, refusal } from './behavior.js';
import { stageParameter } from './stage.js';

const POINTS = ['rcpt', 'data', 'message'] as const;

export const mailboxFull = defineBehavior({
  name: 'mailbox-full',
  summary: 'Answers 452 4.2.2, or 552 5.2.2 with `permanent: true`, at RCPT or the named stage.',
  cause: 'mailbox-full',
  parameters: z.strictObject({
    stage: stageParameter(POINTS),
    permanent: z.boolean().default(false).describe('552 5.2.2 instead of 452 4.2.2'),
  }),
  points: POINTS,
  defaultPoint: () => 'rcpt',
  decide: ({ permanent }, situation) =>
    refusal(situation, 'mailbox-full', {
      ...(permanent ? { code: 552, enhanced: '5.2.2' } : { code: 452, enhanced: '4.2.2' }),
      lines: ['Mailbox full'],
    }),
});
