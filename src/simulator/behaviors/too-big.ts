// `too-big`: a limit on the size of messages, announced in the reply to EHLO and checked against the size
// that MAIL declares and the size received. RFC 1870.

import { z } from 'zod';
import { sizeField } from '../../base/schema-fields.js';
import { defineBehavior, refusal, type Situation } from './behavior.js';

export const tooBig = defineBehavior({
  name: 'too-big',
  summary:
    'Takes messages up to `limit`: announces SIZE at EHLO and answers 552 5.3.4 at MAIL when more is declared, or after the final dot when more was received. For a mailbox, at RCPT and after the final dot.',
  cause: 'message-too-big',
  parameters: z.strictObject({
    limit: sizeField()
      .refine((bytes) => bytes > 0, 'a size over 0')
      .prefault('10mb')
      .describe('Maximum size of a message in bytes'),
  }),
  points: ['ehlo', 'mail', 'rcpt', 'message'],
  defaultPoint: () => 'any',
  mayPass: () => true,
  objections: ({ scope, when }) =>
    (['attempts', 'share', 'chance'] as const)
      .filter((condition) => scope !== 'mailbox' && when[condition] !== undefined)
      .map((condition) => ({
        key: condition,
        message: `\`${condition}\` cannot work for \`too-big\` of a whole ${scope}: the limit that EHLO announces holds for all clients`,
        hint: 'use `during`, `from` or `until`, or put it under `mailboxes`',
      })),
  checks: (_params, situation) => isChecked(situation),
  decide({ limit }, situation) {
    const { point, size, isHelo } = situation;
    if (point === 'ehlo' && !isHelo) return { kind: 'style', style: { capabilities: [`SIZE ${limit}`] } };
    if (!isChecked(situation) || size <= limit) return undefined;
    const lines = [`Message size exceeds fixed limit of ${limit} bytes`];
    return refusal(situation, 'message-too-big', { code: 552, enhanced: '5.3.4', lines });
  },
});

/** Whether the size is compared with the limit at this point. */
function isChecked({ point, scope }: Situation): boolean {
  return point === 'message' || point === (scope === 'mailbox' ? 'rcpt' : 'mail');
}
