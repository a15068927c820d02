// The schema of cause rules, in a file and in a policy: one definition for the check and for the JSON
// Schema.

import { z } from 'zod';
import { CAUSES, STAGES } from '../events/types.js';
import { linearSearch } from './cause-rules.js';

/** Causes that a reply can have. `network` is not one: without a reply no rule is applied. */
export const REFUSAL_CAUSES = CAUSES.filter((cause) => cause !== 'network');

const RULES_MAX = 1000;
const ITEMS_MAX = 100;
const PATTERN_LENGTH_MAX = 400;

const CODE_TEXT = 'a reply code from 400 to 599, a class of them such as 5xx, or a list of both';
const ENHANCED_TEXT = 'an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them';
const STAGE_TEXT = `one of ${STAGES.join(', ')}, or a list of them`;
const PATTERN_TEXT = `a pattern of 1 to ${PATTERN_LENGTH_MAX} characters, or a list of them`;
const NAME_TEXT = 'a name such as mx.example.org or *.example.org, or a list of them';
const CAUSES_TEXT = `a list of at most ${RULES_MAX} rules, or the path of a file that has one under \`causes:\``;

/** One value, or a list of them; becomes a list. */
function oneOrMore<S extends z.ZodType>(item: S, error: string) {
  return z
    .union([item, z.array(item).min(1, error).max(ITEMS_MAX)], { error })
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<S>[]);
}

const code = z
  .union([z.int(CODE_TEXT).min(400, CODE_TEXT).max(599, CODE_TEXT), z.enum(['4xx', '5xx'])])
  .transform(String);

const enhanced = z.string({ error: ENHANCED_TEXT }).regex(/^[45x]\.\d{1,3}\.(?:\d{1,3}|\*)$/, ENHANCED_TEXT);

/** RE2 has no back-references and no look-around, and so no pattern takes more than linear time. */
const pattern = z
  .string({ error: PATTERN_TEXT })
  .min(1, PATTERN_TEXT)
  .max(PATTERN_LENGTH_MAX, PATTERN_TEXT)
  .superRefine((text, context) => {
    const reason = flaw(text);
    if (reason === undefined) return;
    const hint = 'patterns are regular expressions in the syntax of RE2: no back-references, no look-around';
    const message = `this pattern cannot be used: ${reason}`;
    context.addIssue({ code: 'custom', message, params: { sentence: true, hint } });
  });

function flaw(text: string): string | undefined {
  try {
    linearSearch(text);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, '');
  }
}

const name = z.string({ error: NAME_TEXT }).regex(/^[^\s@<>()"]{1,255}$/, NAME_TEXT);

/** One rule as written. */
const causeRuleSchema = z
  .strictObject({
    cause: z.enum(REFUSAL_CAUSES).describe('Cause of a refusal that matches'),
    code: oneOrMore(code, CODE_TEXT).optional().describe('Reply code, or a class of them: 550, 5xx'),
    enhanced: oneOrMore(enhanced, ENHANCED_TEXT)
      .optional()
      .describe('Enhanced status code (RFC 3463): 5.2.2, x.2.2 for any class, x.7.* for a subject'),
    stage: oneOrMore(z.enum(STAGES), STAGE_TEXT)
      .optional()
      .describe('Stage of the dialogue at which the reply came'),
    text: oneOrMore(pattern, PATTERN_TEXT)
      .optional()
      .describe('Regular expressions (RE2), without regard to case; one must match the text'),
    unless: oneOrMore(pattern, PATTERN_TEXT)
      .optional()
      .describe('Regular expressions (RE2) of which none may match the text'),
    host: oneOrMore(name, NAME_TEXT).optional().describe('Name of the host that refused; * matches any text'),
    domain: oneOrMore(name, NAME_TEXT).optional().describe('Domain of the recipient; * matches any text'),
    why: z.string().min(1).optional().describe('A remark for people: what is known, and the source'),
  })
  .superRefine(({ cause: _cause, why: _why, unless: _unless, ...given }, context) => {
    if (Object.keys(given).length > 0) return;
    const params = {
      sentence: true,
      hint: 'add at least one of code, enhanced, stage, text, host or domain',
    };
    const message = 'this rule has no condition, so that it matches no reply';
    context.addIssue({ code: 'custom', message, params });
  })
  .transform(({ why: _why, ...rule }) => rule)
  .meta({ id: 'causeRule', title: 'The cause of a refusal' });

const causeRules = z.array(causeRuleSchema, { error: CAUSES_TEXT }).max(RULES_MAX);

/** A file of rules. */
export const causesSchema = z.strictObject({ causes: causeRules }).meta({
  id: 'causes',
  title: 'Causes of refusals',
  description: 'Rules in order; the first that matches gives the cause.',
});

/** The key `causes` of a policy: rules, or the path of a file of them. */
export const causesField = z.union([z.string({ error: CAUSES_TEXT }).min(1), causeRules], {
  error: CAUSES_TEXT,
});
