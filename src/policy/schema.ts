// The schema of a policy: one definition for the check and for the JSON Schema. Every key may be left
// out and then has the value of the policy `emma`.

import { z } from 'zod';
import { STAGES } from '../events/types.js';
import { causesField, REFUSAL_CAUSES } from './cause-schema.js';
import { domainField, durationField, positiveDurationField } from '../base/schema-fields.js';

const ENHANCED_TEXT = 'an enhanced status code such as 4.2.2';
const BUDGET_TEXT = 'a whole number of at least 1, or `unlimited`';
const ATTEMPTS_TEXT = 'a number of attempts, `unlimited`, or a mapping { replied: ..., unreachable: ... }';
const INTERVAL_TEXT = 'a duration over 0s such as 30m, or a list of them such as [30m, 1h, 4h]';

/** A number of attempts; `unlimited` becomes null. */
function budgetField() {
  return z
    .union([z.int(BUDGET_TEXT).min(1, BUDGET_TEXT), z.literal('unlimited')], { error: BUDGET_TEXT })
    .transform((value) => (value === 'unlimited' ? null : value));
}

const counting = z.enum(['per-class', 'total']).optional();

const attemptsPerClass = z.strictObject({
  replied: budgetField().optional().describe('Number of attempts that a server answers with 4xx'),
  unreachable: budgetField()
    .optional()
    .describe(
      'Number of attempts without a usable reply, or with 4xx at connect; `unlimited`: only the window ends them',
    ),
  counting: counting.describe('`per-class`: each of the two has its own budget'),
});

const interval = z
  .union([positiveDurationField(), z.array(positiveDurationField()).min(1, INTERVAL_TEXT)], {
    error: INTERVAL_TEXT,
  })
  .transform((value) => (typeof value === 'number' ? [value] : value));

const BOTH_FORMS =
  'write `attempts: { replied: 4, unreachable: unlimited }` with `counting: per-class`, or `attempts: 4` with `counting: total`';

const retry = z
  .strictObject({
    interval: interval
      .optional()
      .describe(
        'Grid of attempts, counted from the first one; a list gives its steps, and the last step repeats',
      ),
    jitter: z
      .number('a fraction from 0 to 1')
      .min(0, 'a fraction from 0 to 1')
      .max(1, 'a fraction from 0 to 1')
      .optional()
      .describe('Fraction of the interval by which an attempt may be moved, 0 to 1; seeded'),
    attempts: z
      .union([budgetField(), attemptsPerClass], { error: ATTEMPTS_TEXT })
      .optional()
      .describe('Budget of attempts: one for each class of failure, or one number for both'),
    counting: counting.describe(
      '`per-class`: a budget for each class of failure. `total`: one budget for both, and `attempts` is one number',
    ),
    window: durationField()
      .optional()
      .describe('Attempts are made up to this offset on the grid, exactly there included'),
    overrun: durationField()
      .optional()
      .describe(
        'How long after the window an attempt that lies in it may still begin, for example because it waited for a connection; what waits longer is given up',
      ),
    windowFrom: z
      .enum(['mailing-start', 'first-attempt'])
      .optional()
      .describe('Start of the window: the start of the mailing, or the first attempt of the delivery'),
  })
  .superRefine((value, context) => {
    const given = [value.counting, typeof value.attempts === 'object' ? value.attempts?.counting : undefined];
    const perClass =
      value.attempts === undefined
        ? undefined
        : typeof value.attempts === 'object' && value.attempts !== null;
    const wrong = (message: string): void => {
      const path = value.attempts === undefined ? ['counting'] : ['attempts'];
      context.addIssue({ code: 'custom', message, path, params: { sentence: true, hint: BOTH_FORMS } });
    };
    if (perClass === undefined && value.counting === 'total')
      wrong('`counting: total` needs `attempts` as one number');
    if (perClass === true && given.includes('total'))
      wrong('`attempts` has a budget for each class, and `counting` is `total`');
    if (perClass === false && given.includes('per-class'))
      wrong('`attempts` is one budget over all, and `counting` is `per-class`');
  });

const override = z
  .strictObject({
    code: z.int().min(400).max(599).optional().describe('Reply code, 400 to 599'),
    enhanced: z
      .string({ error: ENHANCED_TEXT })
      .regex(/^[45]\.\d{1,3}\.\d{1,3}$/, ENHANCED_TEXT)
      .optional()
      .describe('Enhanced status code (RFC 3463)'),
    stage: z.enum(STAGES).optional().describe('Stage of the dialogue at which the reply came'),
    cause: z.enum(REFUSAL_CAUSES).optional().describe('Cause of the refusal, independent of the code'),
    domain: domainField().optional().describe('Domain of the recipient'),
    treatAs: z.enum(['deferred', 'rejected']).describe('`deferred`: tried again. `rejected`: a hard bounce'),
  })
  .superRefine((value, context) => {
    if (Object.keys(value).length > 1) return;
    const params = { sentence: true, hint: 'add at least one of code, enhanced, stage, cause or domain' };
    context.addIssue({
      code: 'custom',
      message: 'this override has no condition, so that it matches no reply',
      params,
    });
  });

const bounce = z.strictObject({
  hard: z
    .enum(['any-5xx', 'recipient-only'])
    .optional()
    .describe(
      '`any-5xx`: every 5xx is a hard bounce. `recipient-only`: a 5xx whose cause does not lie with the recipient keeps the contact active',
    ),
  softBouncesToError: z
    .int()
    .min(1)
    .optional()
    .describe('How many consecutive soft bounces make the contact `error`'),
  overrides: z
    .array(override)
    .optional()
    .describe('Treats a reply as another outcome; the first one that matches wins'),
});

const PROVIDERS_TEXT = 'a list of patterns of MX names, such as [*.mx.example.net]';
const PATTERN_TEXT = 'a name such as *.mx.example.net';

const destination = z.strictObject({
  by: z
    .enum(['site', 'domain'])
    .optional()
    .describe(
      '`site`: recipient domains whose MX lead to the same hosts share connections, limits and suspensions. `domain`: each recipient domain has its own',
    ),
  connections: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Connections to a destination that are open at once, at most'),
  messagesPerConnection: z.int().min(1).optional().describe('Messages after which a connection is ended'),
  providers: z
    .array(
      z
        .string({ error: PATTERN_TEXT })
        .regex(/^[^\s@<>()"]{1,255}$/, PATTERN_TEXT)
        .transform((text) => text.toLowerCase()),
      { error: PROVIDERS_TEXT },
    )
    .optional()
    .describe(
      'Patterns of MX names that lead to one system although they differ between domains, beside those that ship: domains whose MX match the same pattern are one site',
    ),
  suspend: durationField()
    .optional()
    .describe(
      'How long a host that refused a connection or throttled is skipped while another host is available; `0s`: not at all',
    ),
  allSuspended: z
    .enum(['try', 'wait'])
    .optional()
    .describe(
      'When every host is suspended. `try`: attempts are made on their grid. `wait`: no attempt is made until the first suspension ends',
    ),
  recover: durationField()
    .optional()
    .describe(
      'After a connection failed while others were open, no more than these are opened; the limit rises by one each time this duration has passed; `0s`: until deliveries fall due again',
    ),
});

/** A retry policy as written. */
export const policySchema = z
  .strictObject({
    name: z.string().min(1).optional().describe("Name that reports show; the file's own when left out"),
    retry: retry.optional().describe('When a delivery is tried again, and when it is given up'),
    bounce: bounce.optional().describe('What counts as a bounce, and its effect on the contact'),
    destination: destination
      .optional()
      .describe('How the load on receiving servers in trouble is reduced; none of it is an attempt'),
    causes: causesField
      .optional()
      .describe(
        'Rules for the cause of a refusal that come before the shipped ones, or the path of a file of them',
      ),
  })
  .meta({
    id: 'policy',
    title: 'A retry policy',
    description: 'A key that is left out has the value of the policy `emma`.',
  });

/** A policy after the check, with the keys that were given. */
export type PolicyInput = z.output<typeof policySchema>;
