// `mailings` of a scenario file: what is sent, when, and to which contacts.

import { z } from 'zod';
import { domainField, durationField, positiveDurationField, sizeField } from '../../base/schema-fields.js';
import { sentence } from '../../documents/issues.js';
import { MAILING_NAME_LENGTH_MAX } from '../../sender/bounce/return-path.js';

/** Large providers refuse messages from 25 MB on. */
const MESSAGE_SIZE_MAX = 32 * 1024 * 1024;

/** Each occurrence is a mailing with its own deliveries. */
const OCCURRENCES_MAX = 1000;
const OCCURRENCES_UNTIL_MS = 366 * 86_400_000;
/** The name of an occurrence adds a hyphen and a number of up to four digits. */
const AUTOMATED_NAME_LENGTH_MAX = MAILING_NAME_LENGTH_MAX - 5;

const MAILING_NAME_TEXT = `a name of at most ${MAILING_NAME_LENGTH_MAX} small letters, digits and hyphens, since it becomes part of the return-path`;
const TO_TEXT = '{ domain: ... }, { addresses: [...] } or a list of addresses';
const ADDRESSES_TEXT = 'a list of addresses, which may contain * for any text';
const AUTOMATED_HINT =
  'write `on: contact-added`, or `every: 1d` with `count: 4`; an automated mailing has one of the two';

const messageSchema = z.strictObject({
  subject: z
    .string()
    // A refinement, since not every JSON Schema validator knows Unicode character classes in a pattern.
    .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), 'a text of one line')
    .default('Hello')
    .describe('Subject line'),
  text: z.string().default('Hello, and thank you for reading.\n').describe('Plain text of the message'),
  size: sizeField()
    .refine((bytes) => bytes <= MESSAGE_SIZE_MAX, 'a size of at most 32mb')
    .prefault(0)
    .describe('Size to which the text is padded, such as 20kb'),
});

const addressesField = () => z.array(z.string()).min(1, ADDRESSES_TEXT);

export const toSchema = z.union(
  [
    z
      .strictObject({
        domain: domainField().optional().describe('Contacts with an address at this domain'),
        addresses: addressesField()
          .optional()
          .describe('Contacts with these addresses; an address may contain *'),
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

export const mailingSchema = z
  .strictObject({
    name: z
      .string({ error: MAILING_NAME_TEXT })
      .regex(new RegExp(`^[a-z0-9-]{1,${MAILING_NAME_LENGTH_MAX}}$`), MAILING_NAME_TEXT)
      .describe('Name by which expectations refer to the mailing'),
    kind: z
      .enum(['standard', 'automated'])
      .default('standard')
      .describe(
        '`standard` is sent once; `automated` is sent on an event or a schedule, and each occurrence is a mailing named NAME-1, NAME-2, and so on',
      ),
    on: z
      .enum(['contact-added'])
      .optional()
      .describe('Automated: sent to each contact that is added at `at` or later'),
    every: positiveDurationField()
      .optional()
      .describe('Automated: interval between occurrences; the first is at `at`'),
    count: z.int().min(1).max(OCCURRENCES_MAX).optional().describe('With `every`: number of occurrences'),
    at: durationField()
      .prefault('0h')
      .describe('When the mailing starts building, since the start of the run'),
    building: durationField().prefault('5s').describe('How long it is building before it is in progress'),
    to: toSchema.optional().describe('Contacts that the mailing is for; all contacts when left out'),
    message: messageSchema.prefault({}).describe('Message that is sent'),
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
        '`every` needs `count`: a run must end',
        'every',
        'add the number of occurrences, such as `count: 4`',
      );
    if (every !== undefined && count !== undefined && at + every * (count - 1) > OCCURRENCES_UNTIL_MS)
      wrong('the last occurrence is more than a year after the start', 'count', 'reduce `count` or `every`');
    if (name.length > AUTOMATED_NAME_LENGTH_MAX)
      wrong(
        '`name` is too long for an automated mailing',
        'name',
        `use at most ${AUTOMATED_NAME_LENGTH_MAX} characters: a number is added to it for each occurrence`,
      );
  })
  .meta({ id: 'mailing', title: 'A mailing' });
