// `mailbox-disabled`: the mailbox exists and accepts no mail. RFC 3463, X.2.1.

import { z } from 'zod';
import { defineBehavior, refusal } from './behavior.js';
import { stageParameter } from './stage.js';

const POINTS = ['rcpt', 'data', 'message'] as const;

export const mailboxDisabled = defineBehavior({
  name: 'mailbox-disabled',
  summary: 'Answers 550 5.2.1 at RCPT or the named stage.',
  cause: 'mailbox-disabled',
  parameters: z.strictObject({ stage: stageParameter(POINTS) }),
  points: POINTS,
  defaultPoint: () => 'rcpt',
  decide: (_params, situation) =>
    refusal(situation, 'mailbox-disabled', {
      code: 550,
      enhanced: '5.2.1',
      lines: [`<${situation.recipient}>: The account is disabled`],
    }),
});
