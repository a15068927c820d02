// The fields of each event, checked when a file of events is read: an event that lost a field since it was written
// must be reported as damage of the file, not end in an error somewhere behind.

import type { EventOf, FactType } from './types.js';

const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => typeof value === 'number';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isReply = (value: unknown): boolean =>
  isObject(value) && isNumber(value['code']) && isTexts(value['lines']);
const areTried = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => isObject(one) && isText(one['host']) && isText(one['stage']));

/** Fields that an event of each type needs to be read. */
const NEEDED: { [T in FactType]?: Partial<Record<keyof EventOf<T>, (value: unknown) => boolean>> } = {
  'contact.added': { address: isText, status: isText, softBounceStreak: isNumber },
  'contact.status': { address: isText, from: isText, to: isText, why: isText, by: isText },
  'contact.streak': { address: isText, from: isNumber, to: isNumber },
  'contact.refused': { address: isText, request: isText, why: isText },
  'mailing.building': { mailing: isText, kind: isText },
  'series.ordered': { series: isText },
  'mailing.started': { mailing: isText, recipients: isNumber },
  'mailing.completed': { mailing: isText },
  'host.suspended': { domain: isText, host: isText, until: isNumber, why: isText },
  'destination.limited': { domain: isText, host: isText, connections: isNumber },
  'delivery.queued': { mailing: isText, address: isText },
  attempt: {
    mailing: isText,
    address: isText,
    n: isNumber,
    startedAt: isNumber,
    domain: isText,
    stage: isText,
    outcome: isText,
    cause: isText,
  },
  'attempt.interrupted': {
    mailing: isText,
    address: isText,
    startedAt: isNumber,
    domain: isText,
    host: isText,
  },
  'delivery.ended': { mailing: isText, address: isText, state: isText, why: isText },
  'delivery.returned': { mailing: isText, address: isText, state: isText, cause: isText, why: isText },
  'bounce.received': { to: isText, result: isText, why: isText },
  'sender.restarted': { inProgress: isNumber, interrupted: isNumber, unknown: isNumber },
  'dns.answered': { query: isText, name: isText, domain: isText },
  'connection.opened': { session: isNumber, domain: isText, host: isText, client: isText },
  'connection.refused': { domain: isText, host: isText, how: isText },
  'connection.closed': { session: isNumber },
  'smtp.command': { session: isNumber, line: isText },
  'smtp.reply': { session: isNumber, stage: isText, code: isNumber, lines: isTexts },
  'smtp.garbled': { session: isNumber, stage: isText, text: isText },
  'tls.started': { session: isNumber, protocol: isText, certificate: isText },
  'tls.failed': { session: isNumber },
  'message.accepted': { session: isNumber, domain: isText, host: isText, rcpt: isText, placement: isText },
  'message.returned': {
    domain: isText,
    host: isText,
    rcpt: isText,
    kind: isText,
    outcome: isText,
    said: isText,
  },
  'run.started': { scenario: isText, seed: isText, policy: isText, wire: isText },
  'run.ended': { reason: isText },
  'clock.jumped': { from: isNumber },
  'scenario.event': { action: isText, subject: isText },
};

/** Fields that may be absent, by their names. */
const GIVEN: Record<string, (value: unknown) => boolean> = {
  reply: isReply,
  tried: areTried,
  records: isTexts,
  nextAt: isNumber,
};

const CHECKS = new Map(Object.entries(NEEDED).map(([type, fields]) => [type, Object.entries(fields)]));
const GIVEN_CHECKS = Object.entries(GIVEN);

/** @returns the field of an event that is missing or has a value of the wrong kind; undefined when it is whole */
export function wrongField(event: Record<string, unknown>): string | undefined {
  if (!isNumber(event['t'])) return 't';
  for (const [field, isRight] of CHECKS.get(String(event['type'])) ?? [])
    if (!isRight(event[field])) return field;
  for (const [field, isRight] of GIVEN_CHECKS)
    if (event[field] !== undefined && !isRight(event[field])) return field;
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
