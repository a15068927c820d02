// `fleet` and `sites` of a scenario file: the receiving servers of each recipient domain, their MX hosts and what
// DNS answers for them.

import { z } from 'zod';
import { positiveDurationField, windowField } from '../../base/schema-fields.js';
import { DNS_ANSWERS, FAMILIES, type DnsPlan } from '../../simulator/plan.js';
import { behaviorListSchema, behaviorSchema } from './behaviors.js';

const PROFILE_TEXT = 'the name of a profile such as yahoo, or the path of a profile file';
const DNS_TEXT = `${DNS_ANSWERS.join(', ')}, or a mapping { answer: servfail, until: 2h }`;
const HOST_NAME_TEXT = 'a name such as mx1, to which the domain is added, or mx1.example.net';
const ADDRESS_TEXT = '[v4], [v6], [v4, v6] or none';
const PREFERENCE_TEXT = 'a whole number from 0 to 65535; the lowest is tried first';

const dnsAnswer = z.enum(DNS_ANSWERS);

/** `dns` of a domain; becomes an answer and the time at which it is given. */
export const dnsField = z
  .union(
    [
      dnsAnswer,
      z.strictObject({
        answer: dnsAnswer.describe('Answer of DNS'),
        during: windowField()
          .optional()
          .describe('Window of virtual time with this answer, such as 0h..2h; outside it the answer is `mx`'),
        until: positiveDurationField()
          .optional()
          .describe('The answer is given until this virtual time; then it is `mx`'),
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
      .describe('Host name: mx1, to which the domain is added, or a full name such as mx1.example.net'),
    preference: z
      .int(PREFERENCE_TEXT)
      .min(0, PREFERENCE_TEXT)
      .max(65_535, PREFERENCE_TEXT)
      .default(10)
      .describe(
        'MX preference: the lowest is tried first, hosts of equal preference in a seeded random order',
      ),
    relay: z
      .boolean()
      .optional()
      .describe('Whether this host takes recipients of any domain; as its domain or site says when left out'),
    address: z
      .union(
        [z.literal('none'), z.array(z.enum(FAMILIES)).min(1, ADDRESS_TEXT).meta({ uniqueItems: true })],
        {
          error: ADDRESS_TEXT,
        },
      )
      .optional()
      .describe(
        'Address records of the host name: `[v4]` (A, when left out), `[v6]` (AAAA) or `[v4, v6]`; `none` for no record',
      ),
    behaviors: behaviorListSchema
      .optional()
      .describe('Behaviors of this host, checked after those of the mailbox and before those of the domain'),
  })
  .meta({ id: 'host', title: 'An MX host of a domain' });

const SITE_HOST_TEXT =
  'a name such as mx1, to which the name of the site is added, mx1.example.net, or {domain}.example.net';
const SITE_TEXT = 'the name of a site, a key of `sites`';

const siteHostSchema = hostSchema
  .extend({
    name: z
      .string({ error: SITE_HOST_TEXT })
      .min(1, SITE_HOST_TEXT)
      .describe(
        'Host name: mx1, to which the name of the site is added, a full name such as mx1.example.net, or {domain}.example.net, which gives each domain a name of its own for this host',
      ),
  })
  .meta({ id: 'siteHost', title: 'An MX host of a site' });

/** Keys of one site. */
export const siteSchema = z
  .strictObject({
    profile: z
      .string({ error: PROFILE_TEXT })
      .min(1, PROFILE_TEXT)
      .optional()
      .describe(
        'Profile that supplies the replies of its hosts, and its domains and hosts where these are left out: the name of a shipped one, or the path of a file',
      ),
    domains: z
      .array(z.string())
      .min(1)
      .optional()
      .describe(
        'Recipient domains of the site, beside those of `fleet` that name it; those of the profile when left out',
      ),
    tls: z.boolean().optional().describe('Whether its hosts offer STARTTLS'),
    relay: z
      .boolean()
      .optional()
      .describe("Whether its hosts take recipients of any domain; of the site's domains alone when left out"),
    hosts: z
      .array(siteHostSchema)
      .min(1)
      .optional()
      .describe('MX hosts of every domain of the site; one host when left out: that of the profile, or mx'),
    behaviors: behaviorListSchema
      .optional()
      .describe('Behaviors of its hosts, which count for all domains of the site together'),
  })
  .meta({
    id: 'site',
    title: 'Receiving hosts that several domains share',
    description: 'Without behaviors they accept everything.',
  });

export const sitesSchema = z
  .record(z.string(), z.union([siteSchema, z.null()]))
  .describe('Receiving hosts that several domains share, by a name for each site');

/** Keys of one domain of the fleet. */
export const domainSchema = z
  .strictObject({
    site: z
      .string({ error: SITE_TEXT })
      .min(1, SITE_TEXT)
      .optional()
      .describe(
        "Site whose hosts receive for the domain: a key of `sites`. Then `hosts`, `profile`, `tls` and `relay` are the site's",
      ),
    tls: z
      .boolean()
      .optional()
      .describe(
        'Whether its servers offer STARTTLS; a behavior that acts at the stage `starttls` makes them offer it in any case',
      ),
    profile: z
      .string({ error: PROFILE_TEXT })
      .min(1, PROFILE_TEXT)
      .optional()
      .describe(
        'Profile that supplies the reply texts, stages and greeting of its servers: the name of a shipped one, or the path of a file',
      ),
    relay: z
      .boolean()
      .optional()
      .describe(
        'Whether its servers take recipients of any domain; when left out, a recipient of another domain is refused with 550 5.7.1',
      ),
    dns: dnsField
      .optional()
      .describe(
        'DNS answer for the domain, always or at some time: `mx`, `a-only` (no MX, but an address), `nxdomain`, `servfail`, `null-mx` (RFC 7505) or `timeout`',
      ),
    hosts: z
      .array(hostSchema)
      .min(1)
      .optional()
      .describe('MX hosts of the domain; a single host, mx, when left out'),
    behaviors: behaviorListSchema.optional().describe('Behaviors of its servers for every recipient'),
    mailboxes: z
      .record(z.string(), z.union([behaviorSchema, behaviorListSchema]))
      .optional()
      .describe(
        'Behaviors for single mailboxes, by the part before the @, which may contain *; the first key that matches counts',
      ),
    shorthand: z
      .boolean()
      .optional()
      .describe(
        'Whether an address such as bob+busy-x2@... names the behavior of its mailbox, unless `mailboxes` has a key for it',
      ),
  })
  .meta({
    id: 'domain',
    title: 'Receiving servers of a domain',
    description: 'Without behaviors they accept everything.',
  });

export const fleetSchema = z
  .record(z.string(), z.union([domainSchema, z.null()]))
  .describe('The receiving servers by recipient domain; `default` receives for all other domains');
