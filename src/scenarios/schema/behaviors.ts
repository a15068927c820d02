// The forms of a behavior in a file: its name, its name with parameters and conditions, or a reply. The
// schemas are built from the table of behaviors, so that a new behavior is added in one place.

import { z } from 'zod';
import { positiveDurationField, shareField, windowField } from '../../base/schema-fields.js';
import { BEHAVIORS } from '../../simulator/behaviors/index.js';
import { FAMILIES } from '../../simulator/plan.js';

const FAMILY_TEXT = 'v4 or v6';
const ATTEMPTS_TEXT = 'a range of attempts such as 1..2, counted from 1, both ends included';

function attemptsField() {
  return z
    .string({ error: ATTEMPTS_TEXT })
    .regex(/^\s*\d+\s*\.\.\s*\d+\s*$/, ATTEMPTS_TEXT)
    .transform((text, context) => {
      const [from, to] = text.split('..').map(Number) as [number, number];
      if (from >= 1 && to >= from && Number.isSafeInteger(to)) return { from, to };
      context.addIssue({ code: 'custom', message: ATTEMPTS_TEXT });
      return z.NEVER;
    });
}

/** When a behavior applies; every given condition must hold. The ids keep each once in the JSON Schema. */
export const CONDITIONS = {
  during: windowField()
    .meta({
      id: 'during',
      description: 'Window of virtual time, such as 0h..6h; the start is included, the end is not',
    })
    .optional(),
  from: positiveDurationField()
    .meta({
      id: 'from',
      description: 'Starts to apply at this virtual time since the start of the run',
    })
    .optional(),
  until: positiveDurationField()
    .meta({ id: 'until', description: 'Stops applying at this virtual time since the start of the run' })
    .optional(),
  attempts: attemptsField()
    .meta({
      id: 'attempts',
      description: 'Attempts for this recipient, such as 1..2, as the server counts them',
    })
    .optional(),
  family: z
    .enum(FAMILIES, FAMILY_TEXT)
    .meta({ id: 'family', description: 'Connections over IPv4 (v4) or IPv6 (v6) alone' })
    .optional(),
  share: shareField()
    .meta({ id: 'share', description: 'A fixed, seeded share of the recipients, such as 10%' })
    .optional(),
  chance: shareField()
    .meta({ id: 'chance', description: 'A seeded draw per attempt, such as 2%' })
    .optional(),
};

/** Names of all behaviors, in the order of the table. */
export const BEHAVIOR_NAMES: readonly string[] = [...BEHAVIORS.keys()];

/** `{ do: NAME, ... }` of each behavior. */
export const behaviorSchemas: ReadonlyMap<string, z.ZodObject> = new Map(
  [...BEHAVIORS.values()].map(({ name, summary, parameters }) => [
    name,
    z
      .strictObject({ do: z.literal(name).describe(summary), ...parameters.shape, ...CONDITIONS })
      .describe(summary),
  ]),
);

const reply = BEHAVIORS.get('reply')!;

/** `{ reply: { stage, code, enhanced, text } }`: short for `do: reply`. */
export const replySchema = z
  .strictObject({ reply: reply.parameters.describe(reply.summary), ...CONDITIONS })
  .describe(`Short for \`do: reply\`. ${reply.summary}`);

const { entry, ...ofEntry } = BEHAVIORS.get('catalogue')!.parameters.shape;

/** `{ reply: PROVIDER/REPLY }`: short for `do: catalogue`. */
export const entrySchema = z
  .strictObject({ reply: entry as z.ZodType, ...ofEntry, ...CONDITIONS })
  .describe(`Short for \`do: catalogue\`. ${BEHAVIORS.get('catalogue')!.summary}`);

const behaviorName = z
  .union([...BEHAVIORS.values()].map(({ name, summary }) => z.literal(name).describe(summary)))
  .describe('Name of a behavior');

/** One behavior in any of its forms. */
export const behaviorSchema = z
  .union([behaviorName, ...behaviorSchemas.values(), replySchema, entrySchema])
  .meta({ id: 'behavior', title: 'A behavior', description: 'What a receiving server does, and when' });

export const behaviorListSchema = z.array(behaviorSchema).meta({
  id: 'behaviors',
  title: 'A list of behaviors',
  description: 'The first behavior that applies and gives a response is used',
});
