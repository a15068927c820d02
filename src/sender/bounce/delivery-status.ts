// The fields of a message/delivery-status part (RFC 3464, 2): groups of header fields, the first about
// the message, each other one about a recipient. No field is required, since reports often lack some.

import { reportedAddress, withoutComments } from './reported-address.js';

/** Fields about one recipient. A field is absent when the report lacks it or its value is malformed. */
export interface RecipientStatus {
  /** As written, without type, comments and brackets; `isReported` compares it to a contact. */
  finalRecipient?: string;
  originalRecipient?: string;
  /** In lower case: `failed`, `delayed`, `delivered`, `relayed`, `expanded`, or another word. */
  action?: string;
  /** Status code (RFC 3463), without the comment after it. */
  status?: string;
  /** Text of the server's reply; its type (`smtp;`) is removed. */
  diagnostic?: string;
}

type Fields = Map<string, string>;

const FIELD = /^([!-9;-~]+)[ \t]*:(.*)$/s;
const STATUS = /^([245]\.\d{1,3}\.\d{1,3})(?![\d.])/;

/** @returns one entry for each group about a recipient */
export function parseDeliveryStatus(text: string): RecipientStatus[] {
  return text
    .split(/(?:\r?\n[ \t]*){2,}/)
    .map(fieldsOf)
    .filter(
      (fields) => fields.has('final-recipient') || fields.has('original-recipient') || fields.has('action'),
    )
    .map(statusOf);
}

/** Header fields of a group, unfolded, by lower-case name; the first of several with one name counts. */
function fieldsOf(group: string): Fields {
  const fields: Fields = new Map();
  const unfolded = group.replace(/\r?\n[ \t]+/g, ' ');
  for (const line of unfolded.split(/\r?\n/)) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (!fields.has(key)) fields.set(key, value!.trim());
  }
  return fields;
}

function statusOf(fields: Fields): RecipientStatus {
  const given = {
    finalRecipient: reportedAddress(fields.get('final-recipient') ?? ''),
    originalRecipient: reportedAddress(fields.get('original-recipient') ?? ''),
    action: /^[a-z-]+/i.exec(withoutComments(fields.get('action') ?? ''))?.[0].toLowerCase(),
    status: STATUS.exec(withoutComments(fields.get('status') ?? ''))?.[1],
    diagnostic: afterType(fields.get('diagnostic-code')),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
}

/** The value after the type, such as `smtp;`. */
function afterType(field: string | undefined): string | undefined {
  return field?.replace(/^[\w-]+[ \t]*(?:\([^()]*\)[ \t]*)?;[ \t]*/, '');
}
