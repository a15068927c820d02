// The format of a profile file: the replies of one provider, or of one mail server as it ships. One
// definition for the check and for the JSON Schema.

import { z } from 'zod';
import { CAUSES, STAGES } from '../events/types.js';

const ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const ID_TEXT = 'a name of small letters, digits and hyphens';
const ENHANCED_TEXT = 'an enhanced status code such as 4.2.2';
const LINE_TEXT = 'a text of one line';
const CAPABILITY_TEXT = 'PIPELINING, 8BITMIME, SMTPUTF8, or SIZE with a number of bytes';

const line = () =>
  z.string({ error: LINE_TEXT }).refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), LINE_TEXT);

const lines = () =>
  z
    .union([line(), z.array(line()).min(1)], {
      error: 'a text, or a list of the lines of a multi-line reply',
    })
    .transform((text) => [text].flat());

const source = z.strictObject({
  title: z.string().min(1).describe('What it is'),
  url: z.string().optional(),
  repo: z.string().optional().describe('Repository, OWNER/NAME'),
  path: z.string().optional().describe('Path in the repository'),
  commit: z.string().optional(),
  note: z.string().optional(),
});

const reply = z.strictObject({
  class: z.enum(CAUSES).describe('Cause of the refusal, whatever the code is'),
  stage: z.enum(STAGES).optional().describe('Stage at which it is sent; left out where no source names it'),
  stageEvidence: z
    .enum(['documented', 'inferred'])
    .optional()
    .describe(
      '`documented`: a source shows the command that it answers; `inferred`: concluded from the text',
    ),
  code: z.int().min(400).max(599).describe('Reply code'),
  enhanced: z
    .string({ error: ENHANCED_TEXT })
    .regex(/^[245]\.\d{1,3}\.\d{1,3}$/, ENHANCED_TEXT)
    .optional()
    .describe('Enhanced status code; repeated on every line'),
  text: lines().describe(
    'Text after the codes; a list makes a multi-line reply. {ip}, {rcpt}, {id} and other placeholders are filled in',
  ),
  source: z.int().min(0).describe('Number of the source, from 0'),
  note: z.string().optional(),
});

export const profileSchema = z
  .strictObject({
    name: z.string().min(1).describe('Name of the provider or the product'),
    note: z.string().optional().describe('What is unusual about it'),
    domains: z
      .array(z.string())
      .default([])
      .describe('Recipient domains; {...} means the domains of customers'),
    domainsFrom: z
      .array(z.int().min(0))
      .min(1)
      .optional()
      .describe('Numbers of the sources of these domains, from 0'),
    mx: z.array(z.string()).default([]).describe('Names of MX hosts, the preferred one first'),
    banner: lines().optional().describe('Text of the greeting, after 220'),
    ehlo: z
      .array(z.string().regex(/^(?:PIPELINING|8BITMIME|SMTPUTF8|SIZE \d+)$/, CAPABILITY_TEXT))
      .optional()
      .describe('Capabilities in the reply to EHLO'),
    limits: z
      .strictObject({
        messagesPerConnection: z.int().min(1).optional(),
        connections: z.int().min(1).optional(),
        source: z.int().min(0).describe('Number of the source, from 0'),
      })
      .optional()
      .describe('Known limits; a scenario enforces them with `throttle`'),
    prefer: z
      .array(z.string())
      .default([])
      .describe('Replies that a behavior prefers to others of their class'),
    sources: z.array(source).min(1).describe('Sources of the profile'),
    replies: z
      .record(z.string().regex(ID, ID_TEXT), reply)
      .describe('Replies by name; a behavior sends the first of its class'),
  })
  .meta({ id: 'profile', title: 'The profile of a provider' });

/** A profile as written. */
export type ProfileInput = z.output<typeof profileSchema>;
