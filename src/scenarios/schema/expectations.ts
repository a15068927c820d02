// What a scenario may expect, and when.

import { z } from 'zod';
import { CAUSES } from '../../events/types.js';
import { durationField } from '../../base/schema-fields.js';
import { SERVER_NUMBERS } from '../plan.js';
import { durationMatcherField, numberMatcherField, offsetsField } from './matchers.js';

export const STATUSES = ['active', 'error', 'opt-out'] as const;
const PLACEMENTS = ['inbox', 'junk', 'discarded', 'returned'] as const;
const STATES = ['building', 'in-progress', 'completed'] as const;

const AT_TEXT = 'a duration such as 45m, or `end`';
const CONTACT_TEXT =
  'a status (active, error or opt-out), or a mapping { status: ..., softBounceStreak: ... }';

/** An optional number matcher for each of some names. */
function numbersOf<const Names extends readonly string[]>(names: Names) {
  const shape = Object.fromEntries(names.map((name) => [name, numberMatcherField().optional()]));
  return z.strictObject(
    shape as { [Name in Names[number]]: z.ZodOptional<ReturnType<typeof numberMatcherField>> },
  );
}

const number = () => numberMatcherField().optional();
const byAddress = (description: string) =>
  z.record(z.string(), offsetsField()).optional().describe(description);

/** What must be true of the contacts that became `error`. */
export const lostExpectationSchema = z
  .strictObject({
    total: number().describe('Contacts that became `error` through a bounce'),
    notTheirs: number().describe(
      'Of these, by a cause that is not theirs: the sender, its address, its content, a limit',
    ),
    causes: numbersOf(CAUSES).optional().describe('All of them by the cause of the bounce that decided it'),
  })
  .meta({ id: 'lostExpectation', title: 'Contacts that became `error`' });

/** What one mailing must show. */
export const mailingExpectationSchema = z
  .strictObject({
    recipients: number().describe('Contacts that the mailing was for'),
    delivered: number().describe('Deliveries that a server accepted'),
    inProgress: number().describe('Deliveries that have not come to an end'),
    bounced: numbersOf(['soft', 'hard'])
      .optional()
      .describe('Deliveries that were given up, or refused for good'),
    withdrawn: number().describe('Deliveries that ended because the contact became `error` or `opt-out`'),
    possibleDuplicates: number().describe('Attempts lost after the final dot: the message may have arrived'),
    lateBounces: number().describe(
      'Bounced deliveries that a server had accepted before its bounce message came',
    ),
    state: z.enum(STATES).optional().describe('State of the mailing'),
    completed: durationMatcherField()
      .optional()
      .describe('When it was completed, counted from the moment it was in progress'),
    placement: numbersOf(PLACEMENTS)
      .optional()
      .describe('What became of accepted messages at the receiving side'),
    attempts: byAddress(
      'Attempts that the sender made at an address: how many, or the offset of each from the first',
    ),
    seen: byAddress(
      'Attempts at an address that reached a server: how many, or the offset of each from the first',
    ),
    causes: numbersOf(CAUSES).optional().describe('Bounces by their cause'),
    lost: lostExpectationSchema
      .optional()
      .describe('Contacts that this mailing has cost their active status'),
  })
  .meta({ id: 'mailingExpectation', title: 'Figures of a mailing' });

/** What must be true of one contact, or of all that a pattern matches. */
export const contactExpectationSchema = z.union(
  [
    z.enum(STATUSES),
    z.strictObject({
      status: z.enum(STATUSES).optional(),
      softBounceStreak: number().describe('Consecutive soft bounces'),
    }),
  ],
  { error: CONTACT_TEXT },
);

export const statusesExpectationSchema = numbersOf(STATUSES).describe('How many contacts have each status');

export const serverExpectationSchema = numbersOf(SERVER_NUMBERS).describe(
  'Figures of the servers of one domain, or of one host',
);

/** One block of `expect`. Every key that is not named here is a mailing. */
export const expectationSchema = z
  .object({
    at: z
      .union([z.literal('end'), durationField()], { error: AT_TEXT })
      .describe('When: a duration since the start of the run, or `end`, when nothing is left to happen'),
    contacts: z
      .record(z.string(), contactExpectationSchema)
      .optional()
      .describe('Status by address, or by a pattern such as "*@example.org"'),
    statuses: statusesExpectationSchema.optional(),
    lost: lostExpectationSchema
      .optional()
      .describe('Contacts that all mailings have cost their active status'),
    servers: z
      .record(z.string(), serverExpectationSchema)
      .optional()
      .describe('Figures of the servers, by domain or by host'),
  })
  .catchall(mailingExpectationSchema)
  .meta({ id: 'expectation', title: 'What must be true at one moment' });
