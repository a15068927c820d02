// `slow`: replies come late or byte by byte. Their text and codes stay the same.

import { z } from 'zod';
import { durationField, rateField } from '../../base/schema-fields.js';
import { defineBehavior } from './behavior.js';
import { REPLY_STAGES, stageParameter } from './stage.js';

const DEFAULT_DELAY_MS = 10_000;

export const slow = defineBehavior({
  name: 'slow',
  summary:
    'Waits for `delay` before each reply, or before those at `stage`, and writes their bytes one by one at `rate`. The behaviors after it choose the reply.',
  parameters: z.strictObject({
    stage: stageParameter(REPLY_STAGES),
    delay: durationField().optional().describe('Pause before a reply; 10s when there is no `rate` either'),
    rate: rateField().optional().describe('Bytes in a time, such as 1/s, at which a reply is written'),
  }),
  points: ['any', ...REPLY_STAGES],
  defaultPoint: () => 'any',
  mayPass: () => true,
  decide({ delay, rate }, { point }) {
    if (!(REPLY_STAGES as readonly string[]).includes(point)) return undefined;
    const delayMs = delay ?? (rate ? 0 : DEFAULT_DELAY_MS);
    const drip = rate && { bytes: 1, everyMs: rate.perMs / rate.count };
    return { kind: 'style', style: { delayMs, ...(drip ? { drip } : {}) } };
  },
});
