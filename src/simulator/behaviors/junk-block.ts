// `junk-block`: the content filter refuses the message; the mailbox itself is fine.

import { z } from 'zod';
import { defineBehavior, refusal } from './behavior.js';
import { stageParameter } from './stage.js';

const POINTS = ['mail', 'rcpt', 'data', 'message'] as const;

export const junkBlock = defineBehavior({
  name: 'junk-block',
  summary: 'Answers 554 5.7.1 after the final dot or at the named stage: the message is classified as junk.',
  cause: 'spam-block',
  parameters: z.strictObject({ stage: stageParameter(POINTS) }),
  points: POINTS,
  defaultPoint: () => 'message',
  decide: (_params, situation) =>
    refusal(situation, 'spam-block', {
      code: 554,
      enhanced: '5.7.1',
      lines: ['Message rejected: classified as spam'],
    }),
});
