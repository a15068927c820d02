// What a scenario file may hold. One definition for the check, for the types of the loader and for
// the JSON Schema that editors use.

import { z } from 'zod';
import {
  addressField,
  bounceStatusField,
  domainField,
  durationField,
  positiveDurationField,
  sizeField,
  windowField,
} from '../../base/schema-fields.js';
import { MAILING_NAME_LENGTH_MAX } from '../../sender/bounce/return-path.js';
import { DNS_ANSWERS, type DnsPlan } from '../../simulator/plan.js';
import { policySchema } from '../../policy/schema.js';
import { sentence } from '../../documents/issues.js';
import {
  behaviorListSchema,
  behaviorSchema,
  behaviorSchemas,
  entrySchema,
  replySchema,
} from './behaviors.js';
import { STORES, WIRES } from '../plan.js';
import { expectationSchema, STATUSES } from './expectations.js';

/** More contacts than this in one scenario are a slip of the finger. */
export const CONTACTS_MAX = 1_000_000;
/** 25 MB and more is what the large providers refuse. */
const MESSAGE_SIZE_MAX = 32 * 1024 * 1024;

/** Each is a mailing of its own, with its deliveries. */
const OCCURRENCES_MAX = 1000;
const OCCURRENCES_UNTIL_MS = 366 * 86_400_000;
/** An occurrence has a number of up to four digits behind the name. */
const SERIES_NAME_LENGTH_MAX = MAILING_NAME_LENGTH_MAX - 5;

const MAILING_NAME_TEXT = `a name of at most ${MAILING_NAME_LENGTH_MAX} small letters, digits and hyphens, since it becomes part of the return-path`;
const FIELD_TEXT = 'a name of small letters, digits, hyphens and underscores';
const PREFIX_TEXT = 'the beginning of an address such as reader, without spaces or any of "()<>[]:;@\\,*';
const SENDER_TEXT = 'the path of a JavaScript module such as ./my-sender.js';
const PROFILE_TEXT = 'the name of a profile such as yahoo, or the path of a profile file';
const SEED_TEXT = 'a whole number or a text; longer numbers need quotes';
const CONTACT_TEXT =
  'an address such as bob@example.org, or a mapping { address: ..., status: ..., softBounceStreak: ... }';
const TO_TEXT = '{ domain: ... }, { addresses: [...] } or a list of addresses';
const ADDRESSES_TEXT = 'a list of addresses, which may hold * for any text';

const DNS_TEXT = `${DNS_ANSWERS.join(', ')}, or a mapping { answer: servfail, until: 2h }`;
const HOST_NAME_TEXT = 'a name such as mx1, to which the domain is added, or mx1.example.net';
const PREFERENCE_TEXT = 'a whole number from 0 to 65535; the lowest is tried first';

const dnsAnswer = z.enum(DNS_ANSWERS);

/** `dns` of a domain; becomes an answer and its time. */
export const dnsField = z
  .union(
    [
      dnsAnswer,
      z.strictObject({
        answer: dnsAnswer.describe('What DNS says'),
        during: windowField()
          .optional()
          .describe('Window of virtual time in which it says so, such as 0h..2h; otherwise `mx`'),
        until: positiveDurationField().optional().describe('It says so until this virtual time; then `mx`'),
      }),
    ],
    { error: DNS_TEXT },
  )
  .transform((value): DnsPlan => {
    if (typeof value === 'string') return { answer: value };
    const { answer, during, until } = value;
    return { answer, ...(during ? { during } : {}), ...(until === undefined ? {} : { until }) };
  });

/** One MX host of a domain. */
export const hostSchema = z
  .strictObject({
    name: z
      .string({ error: HOST_NAME_TEXT })
      .min(1, HOST_NAME_TEXT)
      .describe('Its name: mx1, to which the domain is added, or a whole one such as mx1.example.net'),
    preference: z
      .int(PREFERENCE_TEXT)
      .min(0, PREFERENCE_TEXT)
      .max(65_535, PREFERENCE_TEXT)
      .default(10)
      .describe('The lowest is tried first; equal ones in an order that is drawn'),
    address: z.literal('none', '`none`').optional().describe('`none`: the name has no address'),
    behaviors: behaviorListSchema
      .optional()
      .describe('What this host does; asked after those of the mailbox and before those of the domain'),
  })
  .meta({ id: 'host', title: 'An MX host of a domain' });

const domainSchema = z
  .strictObject({
    tls: z
      .boolean()
      .optional()
      .describe(
        'Whether its servers offer STARTTLS; those with a behavior that acts there do so in any case',
      ),
    profile: z
      .string({ error: PROFILE_TEXT })
      .min(1, PROFILE_TEXT)
      .optional()
      .describe(
        'Whose words, stages and greeting its servers use: a shipped profile by its name, or a file by its path',
      ),
    dns: dnsField
      .optional()
      .describe(
        'What DNS says of the domain: `mx`, `a-only` (no MX, an address), `nxdomain`, `servfail`, `null-mx` (RFC 7505) or `timeout`; at some time, or always',
      ),
    hosts: z.array(hostSchema).min(1).optional().describe('Its MX hosts; one, mx, when left out'),
    behaviors: behaviorListSchema.optional().describe('What its servers do with every recipient'),
    mailboxes: z
      .record(z.string(), z.union([behaviorSchema, behaviorListSchema]))
      .optional()
      .describe(
        'What they do with one mailbox, by the part before the @, which may hold *; the first key that matches counts',
      ),
    shorthand: z
      .boolean()
      .optional()
      .describe(
        'Whether an address such as bob+busy-x2@... says itself what its mailbox does, unless `mailboxes` names it',
      ),
  })
  .meta({
    id: 'domain',
    title: 'Receiving servers of a domain',
    description: 'Without behaviors they accept everything.',
  });

/** Keys of one domain of the fleet. */
export { domainSchema };

const contactObject = z.strictObject({
  address: addressField().describe('Address, unique without regard to case'),
  status: z.enum(STATUSES).default('active').describe('Status at the start'),
  softBounceStreak: z.int().min(0).default(0).describe('Consecutive soft bounces before the run'),
  fields: z
    .record(z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, FIELD_TEXT), z.string())
    .optional()
    .describe('Values of merge fields by name: what {{name}} stands for in a message'),
});

export const contactSchema = z
  .union([addressField(), contactObject], { error: CONTACT_TEXT })
  .transform((value) =>
    typeof value === 'string' ? { address: value, status: 'active' as const, softBounceStreak: 0 } : value,
  );

export const generateSchema = z.strictObject({
  count: z.int().min(1).max(CONTACTS_MAX).describe('How many contacts'),
  at: domainField().describe('Their domain'),
  prefix: z
    .string({ error: PREFIX_TEXT })
    .regex(/^[^\s"()<>[\]:;@\\,*]{1,50}$/, PREFIX_TEXT)
    .default('reader')
    .describe('Addresses are PREFIX-1@..., PREFIX-2@..., and so on'),
});

export const audienceSchema = z
  .strictObject({
    contacts: z.array(contactSchema).optional().describe('Contacts by name'),
    generate: z.array(generateSchema).optional().describe('Contacts by number'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe('CSV file with the columns address, status and softBounceStreak; relative to the scenario'),
    onBadLine: z
      .enum(['refuse', 'skip'])
      .optional()
      .describe(
        '`refuse`: a bad line of the file makes the scenario invalid, as when this is left out. `skip`: it is told and left out',
      ),
  })
  .describe('The contacts that mailings go to');

export const messageSchema = z.strictObject({
  subject: z
    .string()
    // Not as a pattern: JSON Schema does not know classes of characters everywhere.
    .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), 'a text of one line')
    .default('Hello')
    .describe('Subject line'),
  text: z.string().default('Hello, and thank you for reading.\n').describe('Plain text of the message'),
  size: sizeField()
    .refine((bytes) => bytes <= MESSAGE_SIZE_MAX, 'a size of at most 32mb')
    .prefault(0)
    .describe('Size that the text is padded to, such as 20kb'),
});

const addressesField = () => z.array(z.string()).min(1, ADDRESSES_TEXT);

export const toSchema = z.union(
  [
    z
      .strictObject({
        domain: domainField().optional().describe('Contacts of this domain'),
        addresses: addressesField().optional().describe('These contacts; an address may hold *'),
      })
      .superRefine(({ domain, addresses }, context) => {
        if ((domain === undefined) !== (addresses === undefined)) return;
        const message = `\`to\` has ${domain === undefined ? 'neither `domain` nor' : 'both `domain` and'} \`addresses\``;
        context.addIssue(sentence(message, 'give one of them; without `to` the mailing is for all contacts'));
      }),
    addressesField(),
  ],
  { error: TO_TEXT },
);

const AUTOMATED_HINT =
  'write `on: contact-added`, or `every: 1d` with `count: 4`; an automated mailing has one of the two';

export const mailingSchema = z
  .strictObject({
    name: z
      .string({ error: MAILING_NAME_TEXT })
      .regex(new RegExp(`^[a-z0-9-]{1,${MAILING_NAME_LENGTH_MAX}}$`), MAILING_NAME_TEXT)
      .describe('Name by which expectations speak of it'),
    kind: z
      .enum(['standard', 'automated'])
      .default('standard')
      .describe('`standard` is sent once; `automated` by itself, each time as a mailing of its own'),
    on: z
      .enum(['contact-added'])
      .optional()
      .describe('Automated: sent to each contact that is added from `at` on'),
    every: positiveDurationField()
      .optional()
      .describe('Automated: the first time at `at`, then again after each such time'),
    count: z.int().min(1).max(OCCURRENCES_MAX).optional().describe('With `every`: how many times in all'),
    at: durationField().prefault('0h').describe('When it starts building, since the start of the run'),
    building: durationField().prefault('5s').describe('How long it is building before it is in progress'),
    to: toSchema.optional().describe('Which contacts it is for; all of them when left out'),
    message: messageSchema.prefault({}).describe('What is sent'),
  })
  .superRefine(({ kind, on, every, count, at, name }, context) => {
    const wrong = (message: string, path: string, hint = AUTOMATED_HINT): void =>
      context.addIssue(sentence(message, hint, [path]));
    if (kind === 'standard') {
      for (const [key, value] of Object.entries({ on, every, count }))
        if (value !== undefined) wrong(`\`${key}\` is for automated mailings`, key, 'add `kind: automated`');
      return;
    }
    if ((on === undefined) === (every === undefined))
      wrong(
        `this automated mailing has ${on === undefined ? 'neither' : 'both'} \`on\` ${on === undefined ? 'nor' : 'and'} \`every\``,
        'kind',
      );
    if (on !== undefined && count !== undefined) wrong('`count` goes with `every`', 'count');
    if (every !== undefined && count === undefined)
      wrong(
        '`every` needs `count`: a run comes to an end',
        'every',
        'add how many times it is sent, such as `count: 4`',
      );
    if (every !== undefined && count !== undefined && at + every * (count - 1) > OCCURRENCES_UNTIL_MS)
      wrong('the last time lies more than a year after the start', 'count', 'no run is that long');
    if (name.length > SERIES_NAME_LENGTH_MAX)
      wrong(
        `\`name\` is too long for an automated mailing`,
        'name',
        `${SERIES_NAME_LENGTH_MAX} letters at most: each time it is sent has a name with a number behind it`,
      );
  })
  .meta({ id: 'mailing', title: 'A mailing' });

const at = durationField().describe('When, since the start of the run');

const REACTIVATE_TEXT = 'an address, or a pattern such as "*@example.org"';

/** Events by the key that says what happens; `set` has its behaviors checked apart. */
export const eventSchemas = {
  'opt-out': z.strictObject({ at, 'opt-out': addressField().describe('The contact opts out') }),
  reactivate: z.strictObject({
    at,
    reactivate: z
      .string({ error: REACTIVATE_TEXT })
      .min(1, REACTIVATE_TEXT)
      .describe('Somebody makes the contact active again; with * in it, all of them that are in error'),
    reason: z.string().default('').describe('Why'),
    by: z.string().min(1).default('scenario').describe('Who'),
  }),
  subscribe: z.strictObject({
    at,
    subscribe: addressField().describe('The contact subscribes, anew or for the first time'),
  }),
  add: z.strictObject({ at, add: addressField().describe('A contact joins the audience') }),
  bounce: z.strictObject({
    at,
    bounce: addressField().describe(
      'A bounce message comes to this address, from nobody that it was sent to',
    ),
    about: addressField().describe('Address that it calls undeliverable'),
    status: bounceStatusField().default('5.1.1').describe('Status code in it (RFC 3463)'),
  }),
  crash: z.strictObject({
    at,
    crash: z
      .literal('sender', { error: '`sender`, which is all that can crash' })
      .describe('Kills the sender: what is not in its store is lost, and its connections are cut'),
    restart: durationField()
      .prefault('0s')
      .describe('How long it is down before another sender starts on its store'),
  }),
} as const;

const SET_TEXT = 'a domain of the fleet, `default`, a host such as mx1.example.org, or an address';
export const setField = z
  .string({ error: SET_TEXT })
  .min(1, SET_TEXT)
  .describe('Changes the behaviors of a domain, of `default`, of one host, or of one mailbox');

/** `{ at, set, behaviors }`; the keys of one behavior may stand in the place of `behaviors`. */
export const setSchema = z.strictObject({ at, set: setField, behaviors: behaviorListSchema });

const eventSchema = z
  .union([
    ...Object.values(eventSchemas),
    setSchema,
    ...[...behaviorSchemas.values(), replySchema, entrySchema].map((behavior) =>
      behavior.extend({ at, set: setField }),
    ),
  ])
  .meta({ id: 'event', title: 'Something that happens at a moment' });

/** A scenario as written. */
export const scenarioSchema = z
  .strictObject({
    name: z.string().min(1).describe('What the experiment is, in a few words'),
    description: z.string().default('').describe('What it shows, and why'),
    tags: z.array(z.string().min(1)).default([]).describe('Words by which scenarios are chosen'),
    seed: z
      .union([z.int(SEED_TEXT), z.string().min(1, SEED_TEXT)], { error: SEED_TEXT })
      .optional()
      .describe('Seed of every random draw; without it, one made of the name of the file'),
    policy: z
      .union([z.string().min(1), policySchema], {
        error: 'the name of a policy, the path of a policy file, or a policy itself',
      })
      .default('emma')
      .describe('Retry policy: a shipped one by its name, a file by its path, or the policy itself'),
    sender: z
      .string({ error: SENDER_TEXT })
      .min(1, SENDER_TEXT)
      .optional()
      .describe('A module that sends in the place of the sender of bouncelab, by its path from this file'),
    wire: z
      .enum(WIRES)
      .default('memory')
      .describe(
        'What carries the dialogue between sender and servers: `memory`, or `tcp` for real sockets on loopback',
      ),
    store: z
      .enum(STORES)
      .default('memory')
      .describe(
        'What keeps the state of the sender: `memory`, or `sqlite` for a file of its own that goes with the run',
      ),
    network: z
      .strictObject({
        latency: durationField().prefault('5ms').describe('Time that bytes take in one direction'),
      })
      .prefault({})
      .describe('The network between sender and servers'),
    fleet: z
      .record(z.string(), z.union([domainSchema, z.null()]))
      .describe('The receiving servers by recipient domain; `default` catches the rest'),
    audience: audienceSchema,
    mailings: z.array(mailingSchema).min(1).describe('What is sent, and when'),
    events: z.array(eventSchema).default([]).describe('What happens meanwhile'),
    expect: z.array(expectationSchema).min(1).describe('What must be true, and when'),
  })
  .meta({ title: 'A bouncelab scenario' });
