// `audience` of a scenario file: the contacts at the start of the run, listed, generated or read from a
// CSV file.

import { z } from 'zod';
import { addressField, domainField } from '../../base/schema-fields.js';
import { STATUSES } from './expectations.js';

/** Limit of one scenario; a larger number is taken for a typing error. */
export const CONTACTS_MAX = 1_000_000;

const FIELD_TEXT = 'a name of small letters, digits, hyphens and underscores';
const PREFIX_TEXT = 'the beginning of an address such as reader, without spaces or any of "()<>[]:;@\\,*';
const CONTACT_TEXT =
  'an address such as bob@example.org, or a mapping { address: ..., status: ..., softBounceStreak: ... }';

const contactObject = z.strictObject({
  address: addressField().describe('Address; unique, upper and lower case being the same'),
  status: z.enum(STATUSES).default('active').describe('Status at the start of the run'),
  softBounceStreak: z.int().min(0).default(0).describe('Consecutive soft bounces of mailings before the run'),
  fields: z
    .record(z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, FIELD_TEXT), z.string())
    .optional()
    .describe('Values of merge fields by name: the text that replaces {{name}} in a message'),
});

export const contactSchema = z
  .union([addressField(), contactObject], { error: CONTACT_TEXT })
  .transform((value) =>
    typeof value === 'string' ? { address: value, status: 'active' as const, softBounceStreak: 0 } : value,
  );

export const generateSchema = z.strictObject({
  count: z.int().min(1).max(CONTACTS_MAX).describe('Number of contacts'),
  at: domainField().describe('Domain of their addresses'),
  prefix: z
    .string({ error: PREFIX_TEXT })
    .regex(/^[^\s"()<>[\]:;@\\,*]{1,50}$/, PREFIX_TEXT)
    .default('reader')
    .describe('Addresses are PREFIX-1@..., PREFIX-2@..., and so on'),
});

function columnField(what: string) {
  return z.string().min(1).optional().describe(`Name of the column with the ${what}`);
}

export const audienceSchema = z
  .strictObject({
    contacts: z.array(contactSchema).optional().describe('Contacts that are listed one by one'),
    generate: z.array(generateSchema).optional().describe('Contacts that are generated, by their number'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe('CSV file of contacts whose first line names the columns; relative to the scenario'),
    columns: z
      .strictObject({
        address: columnField('addresses'),
        status: columnField('statuses'),
        softBounceStreak: columnField('soft-bounce streaks'),
        fields: z
          .array(z.string().min(1))
          .optional()
          .describe('Columns that become merge fields (default: all others); `First Name` is {{first_name}}'),
      })
      .optional()
      .describe('Columns of `file` by their names there; those with usual names are found without it'),
    statuses: z
      .record(z.string(), z.enum(STATUSES))
      .optional()
      .describe('What status words of `file` mean, in any case: { cleaned: error }'),
    suppress: z
      .string()
      .min(1)
      .optional()
      .describe('File of addresses that no server may see; relative to the scenario'),
    onBadLine: z
      .enum(['refuse', 'skip'])
      .optional()
      .describe(
        '`refuse` (the default): a bad row of the file makes the scenario invalid. `skip`: the row is reported and left out',
      ),
  })
  .describe('The contacts at the start of the run');
