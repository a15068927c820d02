// `expect` of a scenario file: the figures and statuses that must be reached, and when they are checked.

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
    total: number().describe('Contacts that became `error` after a bounce'),
    notTheirs: number().describe(
      'Those whose bounce was not caused by their mailbox, but by the sender, its IP address, its content or a limit',
    ),
    causes: numbersOf(CAUSES)
      .optional()
      .describe('Number of them by the cause of the bounce that made the contact `error`'),
  })
  .meta({ id: 'lostExpectation', title: 'Contacts that became `error`' });

/** What one mailing must show. */
export const mailingExpectationSchema = z
  .strictObject({
    recipients: number().describe('Contacts that the mailing was for'),
    delivered: number().describe('Deliveries that a server accepted'),
    inProgress: number().describe('Deliveries that have not ended'),
    bounced: numbersOf(['soft', 'hard'])
      .optional()
      .describe('Deliveries that were given up (soft) or permanently refused (hard)'),
    unattempted: number().describe('Soft-bounced deliveries that were given up without any attempt'),
    withdrawn: number().describe('Deliveries that ended because the contact became `error` or `opt-out`'),
    possibleDuplicates: number().describe(
      'Attempts whose connection was lost after the final dot: the message may have been accepted',
    ),
    lateBounces: number().describe(
      'Deliveries that a server accepted and that later bounced through a bounce message',
    ),
    state: z.enum(STATES).optional().describe('State of the mailing'),
    completed: durationMatcherField()
      .optional()
      .describe('When it was completed, counted from the moment it became `in-progress`'),
    placement: numbersOf(PLACEMENTS)
      .optional()
      .describe('Where the receiving side put the accepted messages'),
    attempts: byAddress(
      'Attempts of the sender for an address: their number, or the offset of each from the first',
    ),
    seen: byAddress(
      'Attempts for an address that reached a server: their number, or the offset of each from the first',
    ),
    causes: numbersOf(CAUSES).optional().describe('Bounced deliveries by cause'),
    lost: lostExpectationSchema
      .optional()
      .describe('Contacts that became `error` through a bounce of this mailing'),
  })
  .meta({ id: 'mailingExpectation', title: 'Figures of a mailing' });

/** What must be true of one contact, or of each contact that a pattern matches. */
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

export const statusesExpectationSchema = numbersOf(STATUSES).describe('Number of contacts by status');

export const serverExpectationSchema = numbersOf(SERVER_NUMBERS).describe(
  'Figures of the servers of one domain, or of one host',
);

/** One block of `expect`. Every other key is the name of a mailing. */
export const expectationSchema = z
  .object({
    at: z
      .union([z.literal('end'), durationField()], { error: AT_TEXT })
      .describe('When: a duration since the start of the run, or `end`, when no more events are due'),
    contacts: z
      .record(z.string(), contactExpectationSchema)
      .optional()
      .describe('Status of contacts, by address or by a pattern such as "*@example.org"'),
    statuses: statusesExpectationSchema.optional(),
    lost: lostExpectationSchema
      .optional()
      .describe('Contacts that became `error` through a bounce of any mailing'),
    servers: z
      .record(z.string(), serverExpectationSchema)
      .optional()
      .describe('Figures of the servers, by domain or by host'),
  })
  .catchall(mailingExpectationSchema)
  .meta({ id: 'expectation', title: 'What must be true at a given time' });
