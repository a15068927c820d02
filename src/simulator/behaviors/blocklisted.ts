// `blocklisted`: the client's address is on a block list, for ever or until it is delisted.

import { z } from 'zod';
import { positiveDurationField } from '../../base/schema-fields.js';
import { wildcard } from '../../base/wildcard.js';
import { defineBehavior, refusal } from './behavior.js';
import { stageParameter } from './stage.js';

const POINTS = ['connect', 'ehlo', 'mail', 'rcpt'] as const;
const CLIENT_TEXT = 'a client address such as 127.0.0.1, which may hold * for any text';

export const blocklisted = defineBehavior({
  name: 'blocklisted',
  summary:
    'Answers 554 5.7.1 at connect, or at the named stage, to a client whose address is on a block list.',
  cause: 'ip-blocklisted',
  parameters: z.strictObject({
    stage: stageParameter(POINTS),
    client: z
      .string({ error: CLIENT_TEXT })
      .regex(/^[0-9a-fA-F.:*]{1,45}$/, CLIENT_TEXT)
      .default('*')
      .describe('Which client addresses are on the list, such as 127.0.0.*; all when absent'),
    delisted: positiveDurationField()
      .optional()
      .describe('Virtual time at which they are removed from the list; never when absent'),
  }),
  points: POINTS,
  defaultPoint: (scope) => (scope === 'mailbox' ? 'rcpt' : 'connect'),
  mayPass: ({ client, delisted }) => client !== '*' || delisted !== undefined,
  decide({ client: listed, delisted }, situation) {
    const { client, now } = situation;
    if (delisted !== undefined && now >= delisted) return undefined;
    if (listed !== '*' && !wildcard(listed)(client)) return undefined;
    return refusal(situation, 'ip-blocklisted', {
      code: 554,
      enhanced: '5.7.1',
      lines: [`Service unavailable; client host [${client}] is on a blocklist`],
    });
  },
});
