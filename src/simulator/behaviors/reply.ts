// `reply`: any reply at any stage, for what no other behavior sends.

import { z } from 'zod';
import type { Reply } from '../../events/types.js';
import { defineBehavior, type Objection, type Written } from './behavior.js';
import { afterObjections, afterParameter, DEFAULT_AFTER_MS } from './after.js';
import { ALL_STAGES, stageParameter } from './stage.js';

const ENHANCED_TEXT = 'an enhanced status code such as 4.2.2';

/** A server that answers EHLO with one of these does not know EHLO, and may accept HELO (RFC 5321, 3.2). */
const UNKNOWN_COMMAND: ReadonlySet<number> = new Set([500, 502, 504]);

/** Each line of a text, such as a YAML block, becomes a line of the reply. */
function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

/** Tabs and line breaks are the only control characters allowed in a reply (RFC 5321, 4.2). */
const textField = () =>
  z
    .string()
    .refine((text) => !/\p{Cc}/u.test(text.replace(/\t|\r?\n/g, '')), 'a text without control characters');

const parameters = z.strictObject({
  stage: stageParameter(ALL_STAGES),
  code: z
    .number()
    .int()
    .min(200)
    .max(599)
    .describe(
      'Reply code, 200 to 599. With a positive code (2xx, 354 at `data`) the server carries the command out and replies with this text',
    ),
  enhanced: z
    .string({ error: ENHANCED_TEXT })
    .regex(/^[245]\.\d{1,3}\.\d{1,3}$/, ENHANCED_TEXT)
    .optional()
    .describe('Enhanced status code (RFC 3463)'),
  text: z
    .union([textField(), z.array(textField()).min(1)], { error: 'a text, or a list of texts' })
    .default('')
    .describe('Text after the codes; a list makes a multi-line reply'),
  close: z.boolean().default(false).describe('Close the connection after the reply'),
  after: afterParameter(),
});

export const reply = defineBehavior({
  name: 'reply',
  summary:
    'Answers with the given code, enhanced code and text at `stage`. A 421 closes the connection, and so does any reply at `body` or `idle`. 500, 502 and 504 at `ehlo` refuse EHLO and not HELO.',
  parameters,
  points: ALL_STAGES,
  defaultPoint: (scope) => (scope === 'mailbox' ? 'rcpt' : undefined),
  mayPass: ({ code, stage }) => code < 400 || (stage === 'ehlo' && UNKNOWN_COMMAND.has(code)),
  objections: (written) => [...afterObjections(written), ...acceptanceObjections(written)],
  decide({ code, enhanced, text, close, after = DEFAULT_AFTER_MS }, { point, isHelo }) {
    if (point === 'ehlo' && isHelo && UNKNOWN_COMMAND.has(code)) return undefined;
    const lines = [text].flat().flatMap(linesOf);
    const written: Reply = { code, ...(enhanced === undefined ? {} : { enhanced }), lines };
    if (code < 400) return { kind: 'style', style: { acceptance: written } };
    return { kind: 'reply', reply: written, close: close || code === 421, afterMs: after };
  },
});

/** What cannot be combined with a positive code. */
function acceptanceObjections({ params, at }: Written<z.output<typeof parameters>>): Objection[] {
  const { code, close } = params;
  const objections: Objection[] = [];
  if (code >= 400) return objections;
  if (at === 'body' || at === 'idle') {
    objections.push({
      key: 'code',
      message: `${code} cannot be sent at \`${at}\`, where the client waits for no reply`,
      hint: 'use a 4xx or a 5xx there',
    });
  } else if (at === 'starttls' && code !== 220) {
    objections.push({
      key: 'code',
      message: `${code} is no answer at \`starttls\` (RFC 3207, 4)`,
      hint: '220 accepts STARTTLS',
    });
  } else if (code >= 300 !== (at === 'data')) {
    objections.push({
      key: 'code',
      message: `${code} is no answer at \`${at}\` (RFC 5321, 4.3.2)`,
      hint: at === 'data' ? '354 accepts DATA' : '2xx accepts here; 3xx is for `data`',
    });
  }
  if (close) {
    objections.push({
      key: 'close',
      message: '`close` cannot be combined with a positive code',
      hint: 'use `do: disconnect` at the next stage',
    });
  }
  return objections;
}
