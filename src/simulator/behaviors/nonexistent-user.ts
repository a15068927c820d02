// `nonexistent-user`: the mailbox does not exist. RFC 3463, X.1.1.

import { z } from 'zod';
import { defineBehavior, refusal } from './behavior.js';
import { stageParameter } from './stage.js';

const POINTS = ['rcpt', 'data', 'message'] as const;

export const nonexistentUser = defineBehavior({
  name: 'nonexistent-user',
  summary: 'Answers 550 5.1.1 at RCPT or the named stage.',
  cause: 'user-unknown',
  parameters: z.strictObject({ stage: stageParameter(POINTS) }),
  points: POINTS,
  defaultPoint: () => 'rcpt',
  decide: (_params, situation) =>
    refusal(situation, 'user-unknown', {
      code: 550,
      enhanced: '5.1.1',
      lines: [`<${situation.recipient}>: Recipient address rejected: User unknown`],
    }),
});
