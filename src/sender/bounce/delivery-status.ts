// The fields of a message/delivery-status part (RFC 3464, 2): groups of header fields, the first about
// the message, each other one about a recipient. No field is required, since reports often lack some.

/** Fields about one recipient. A field is absent when the report lacks it or its value is malformed. */
export interface RecipientStatus {
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
    finalRecipient: addressOf(fields.get('final-recipient')),
    originalRecipient: addressOf(fields.get('original-recipient')),
    action: /^[a-z-]+/i.exec(fields.get('action') ?? '')?.[0].toLowerCase(),
    status: STATUS.exec(fields.get('status') ?? '')?.[1],
    diagnostic: afterType(fields.get('diagnostic-code')),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
}

/** Address in `rfc822; bob@example.org`; undefined for another address type (RFC 3464, 2.1.2). */
function addressOf(field: string | undefined): string | undefined {
  if (field === undefined) return undefined;
  const [, type = 'rfc822', address = ''] = /^(?:([\w-]+)[ \t]*;)?(.*)$/s.exec(field)!;
  if (!/^(rfc822|utf-8)$/i.test(type)) return undefined;
  return address
    .trim()
    .replace(/^<(.*)>$/, '$1')
    .toLowerCase();
}

/** The value after the type, such as `smtp;`. */
function afterType(field: string | undefined): string | undefined {
  return field?.replace(/^[\w-]+[ \t]*;[ \t]*/, '');
}
