// `reply`: any reply at any stage, for what the named behaviors do not say.

import { z } from 'zod';
import { defineBehavior } from './behavior.js';
import { stageParameter } from './stage.js';

const ENHANCED_TEXT = 'an enhanced status code such as 4.2.2';
const POINTS = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'message'] as const;

/** A text that spans several lines, as a YAML block does, makes a line of the reply of each. */
function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

/** Tabs and line breaks are the only control characters that a reply may hold (RFC 5321, 4.2). */
const textField = () =>
  z
    .string()
    .refine((text) => !/\p{Cc}/u.test(text.replace(/\t|\r?\n/g, '')), 'a text without control characters');

export const reply = defineBehavior({
  name: 'reply',
  summary: 'Answers with the given code, enhanced code and text at `stage`. A 421 closes the connection.',
  parameters: z.strictObject({
    stage: stageParameter(POINTS),
    code: z.number().int().min(400).max(599).describe('Reply code, 400 to 599'),
    enhanced: z
      .string({ error: ENHANCED_TEXT })
      .regex(/^[45]\.\d{1,3}\.\d{1,3}$/, ENHANCED_TEXT)
      .optional()
      .describe('Enhanced status code (RFC 3463)'),
    text: z
      .union([textField(), z.array(textField()).min(1)], { error: 'a text, or a list of texts' })
      .default('')
      .describe('Text after the codes; a list makes a multi-line reply'),
    close: z.boolean().default(false).describe('Close the connection after the reply'),
  }),
  points: POINTS,
  defaultPoint: (scope) => (scope === 'mailbox' ? 'rcpt' : undefined),
  decide: ({ code, enhanced, text, close }) => ({
    kind: 'reply',
    reply: {
      code,
      ...(enhanced === undefined ? {} : { enhanced }),
      lines: [text].flat().flatMap(linesOf),
    },
    close: close || code === 421,
  }),
});
