// `events` of a scenario file: what happens at a given time during the run, by the key that names the
// action.

import { z } from 'zod';
import { addressField, bounceStatusField, durationField } from '../../base/schema-fields.js';
import { behaviorListSchema, behaviorSchemas, entrySchema, replySchema } from './behaviors.js';

const REACTIVATE_TEXT = 'an address, or a pattern such as "*@example.org"';
const SET_TEXT = 'a domain of the fleet, `default`, a host such as mx1.example.org, or an address';

const at = durationField().describe('When, since the start of the run');

/** Events by their action. `set` is checked separately, since it may hold any behavior. */
export const eventSchemas = {
  'opt-out': z.strictObject({ at, 'opt-out': addressField().describe('Contact that opts out') }),
  reactivate: z.strictObject({
    at,
    reactivate: z
      .string({ error: REACTIVATE_TEXT })
      .min(1, REACTIVATE_TEXT)
      .describe('Contact that is made active again; a pattern with * matches only contacts in `error`'),
    reason: z.string().default('').describe('Reason of the change'),
    by: z.string().min(1).default('scenario').describe('Who makes the change'),
  }),
  subscribe: z.strictObject({
    at,
    subscribe: addressField().describe('Contact that subscribes, for the first time or again'),
  }),
  add: z.strictObject({ at, add: addressField().describe('Contact that is added to the audience') }),
  bounce: z.strictObject({
    at,
    bounce: addressField().describe(
      'Address that receives a bounce message which no server of the fleet produced, such as a forged one',
    ),
    about: addressField().describe('Address that the bounce message reports as undeliverable'),
    status: bounceStatusField().default('5.1.1').describe('Enhanced status code in it (RFC 3463)'),
  }),
  crash: z.strictObject({
    at,
    crash: z
      .literal('sender', { error: '`sender`, the only part that can crash' })
      .describe('Kills the sender: state that is not in its store is lost, and its connections are cut'),
    restart: durationField().prefault('0s').describe('Time until another sender starts on the same store'),
  }),
} as const;

export const setField = z
  .string({ error: SET_TEXT })
  .min(1, SET_TEXT)
  .describe('Domain, `default`, host or mailbox whose behaviors are replaced');

/** `{ at, set, behaviors }`. The keys of a single behavior may replace `behaviors`. */
export const setSchema = z.strictObject({ at, set: setField, behaviors: behaviorListSchema });

export const eventSchema = z
  .union([
    ...Object.values(eventSchemas),
    setSchema,
    ...[...behaviorSchemas.values(), replySchema, entrySchema].map((behavior) =>
      behavior.extend({ at, set: setField }),
    ),
  ])
  .meta({ id: 'event', title: 'Something that happens at a given time' });
