// The top level of a scenario file. The loader checks files with this definition, takes its types from
// it, and generates from it the JSON Schema that editors use.

import { z } from 'zod';
import { durationField } from '../../base/schema-fields.js';
import { policySchema } from '../../policy/schema.js';
import { STORES, WIRES } from '../plan.js';
import { audienceSchema } from './audience.js';
import { eventSchema } from './events.js';
import { expectationSchema } from './expectations.js';
import { fleetSchema, sitesSchema } from './fleet.js';
import { mailingSchema } from './mailings.js';

const SENDER_TEXT = 'the path of a module such as ./my-sender.js or ./my-sender.ts';
const SEED_TEXT = 'a whole number or a text; longer numbers need quotes';

/** A scenario as written. */
export const scenarioSchema = z
  .strictObject({
    name: z.string().min(1).describe('Title of the experiment, in a few words'),
    description: z.string().default('').describe('What the scenario shows, and why'),
    tags: z.array(z.string().min(1)).default([]).describe('Words by which scenarios are selected'),
    seed: z
      .union([z.int(SEED_TEXT), z.string().min(1, SEED_TEXT)], { error: SEED_TEXT })
      .optional()
      .describe('Seed of every random draw; by default it is derived from the file name'),
    policy: z
      .union([z.string().min(1), policySchema], {
        error: 'the name of a policy, the path of a policy file, or a policy itself',
      })
      .default('emma')
      .describe('Retry policy: the name of a shipped one, the path of a file, or the policy itself'),
    sender: z
      .string({ error: SENDER_TEXT })
      .min(1, SENDER_TEXT)
      .optional()
      .describe(
        'Path of a module that replaces the sender of bouncelab, relative to this file; it exports `createSender`',
      ),
    wire: z
      .enum(WIRES)
      .default('memory')
      .describe(
        'Transport between sender and servers: `memory` for in-memory sockets, `tcp` for real sockets on loopback',
      ),
    store: z
      .enum(STORES)
      .default('memory')
      .describe(
        'Store of the state of the sender: `memory`, or `sqlite` for a database file that is removed after the run',
      ),
    network: z
      .strictObject({
        latency: durationField().prefault('5ms').describe('One-way delay between sender and servers'),
      })
      .prefault({})
      .describe('The network between sender and servers'),
    sites: sitesSchema.optional(),
    // Required, unless `sites` bring all domains along.
    fleet: fleetSchema.optional(),
    audience: audienceSchema,
    mailings: z.array(mailingSchema).min(1).describe('The mailings that are sent, and when'),
    events: z.array(eventSchema).default([]).describe('What happens during the run'),
    expect: z.array(expectationSchema).min(1).describe('What must be true, and when'),
  })
  .meta({ title: 'A bouncelab scenario' });
