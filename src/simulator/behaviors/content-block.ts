// `content-block`: the message is refused for its content, such as a virus or a link. RFC 3463, X.7.1.

import { z } from 'zod';
import { defineBehavior, refusal } from './behavior.js';
import { stageParameter } from './stage.js';

const POINTS = ['mail', 'rcpt', 'data', 'message'] as const;

export const contentBlock = defineBehavior({
  name: 'content-block',
  summary: 'Answers 550 5.7.1 after the final dot or at the named stage: the content is refused.',
  cause: 'content-block',
  parameters: z.strictObject({ stage: stageParameter(POINTS) }),
  points: POINTS,
  defaultPoint: () => 'message',
  decide: (_params, situation) =>
    refusal(situation, 'content-block', {
      code: 550,
      enhanced: '5.7.1',
      lines: ['Message content rejected'],
    }),
});
