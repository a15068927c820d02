// Checks what an external sender reports: it may be plain JavaScript, and no malformed event must get into
// the log.

import { OUTCOMES, STAGES } from '../../../events/types.js';
import type { Reply } from '../../../events/types.js';
import type { ReportedAttempt, SenderReports } from './contract.js';

const KINDS = ['soft', 'hard'];
const STATUSES = ['active', 'error', 'opt-out'];

/**
 * @param to receives valid reports
 * @param isMailing whether a mailing of this name was sent
 * @param refuse is called with the error of an invalid report, before that is thrown to the module
 */
export function checkedReports(
  to: SenderReports,
  isMailing: (name: string) => boolean,
  refuse: (error: unknown) => void,
): SenderReports {
  const checked =
    <A extends unknown[]>(check: (...args: A) => void, act: (...args: A) => void) =>
    (...args: A): void => {
      try {
        check(...args);
      } catch (error) {
        refuse(error);
        throw error;
      }
      act(...args);
    };
  const delivery = (call: string, mailing: unknown, address: unknown): void => {
    text(call, 'mailing', mailing);
    text(call, 'address', address);
    if (!isMailing(mailing as string)) wrong(call, 'mailing', 'the name of a mailing that was sent', mailing);
  };
  return {
    attempt: checked<Parameters<SenderReports['attempt']>>(
      (mailing, address, attempt) => {
        delivery('attempt', mailing, address);
        checkAttempt(attempt);
      },
      (...args) => to.attempt(...args),
    ),
    delivered: checked<Parameters<SenderReports['delivered']>>(
      (mailing, address) => delivery('delivered', mailing, address),
      (...args) => to.delivered(...args),
    ),
    bounced: checked<Parameters<SenderReports['bounced']>>(
      (mailing, address, kind) => {
        delivery('bounced', mailing, address);
        oneOf('bounced', 'kind', KINDS, kind);
      },
      (...args) => to.bounced(...args),
    ),
    withdrawn: checked<Parameters<SenderReports['withdrawn']>>(
      (mailing, address) => delivery('withdrawn', mailing, address),
      (...args) => to.withdrawn(...args),
    ),
    status: checked<Parameters<SenderReports['status']>>(
      (address, status) => {
        text('status', 'address', address);
        oneOf('status', 'status', STATUSES, status);
      },
      (...args) => to.status(...args),
    ),
    streak: checked<Parameters<SenderReports['streak']>>(
      (address, softBounces) => {
        text('streak', 'address', address);
        if (!Number.isSafeInteger(softBounces) || softBounces < 0)
          wrong('streak', 'softBounces', 'a whole number from 0', softBounces);
      },
      (...args) => to.streak(...args),
    ),
  };
}

function checkAttempt(attempt: unknown): void {
  if (typeof attempt !== 'object' || attempt === null)
    wrong('attempt', 'its last argument', 'an object', attempt);
  const { startedAt, outcome, stage, reply } = attempt as Partial<Record<keyof ReportedAttempt, unknown>>;
  if (!Number.isFinite(startedAt)) wrong('attempt', 'startedAt', 'a value of Date.now()', startedAt);
  oneOf('attempt', 'outcome', OUTCOMES, outcome);
  oneOf('attempt', 'stage', STAGES, stage);
  if (reply !== undefined && !isReply(reply))
    wrong('attempt', 'reply', '{ code, lines: [text, ...] } with a code from 200 to 599', reply);
}

function isReply(reply: unknown): reply is Reply {
  const { code, lines, enhanced } = (reply ?? {}) as Partial<Record<keyof Reply, unknown>>;
  const isCode = Number.isInteger(code) && Number(code) >= 200 && Number(code) <= 599;
  const areLines = Array.isArray(lines) && lines.every((line) => typeof line === 'string');
  return isCode && areLines && (enhanced === undefined || typeof enhanced === 'string');
}

function text(call: string, what: string, value: unknown): void {
  if (typeof value !== 'string') wrong(call, what, 'a text', value);
}

function oneOf(call: string, what: string, values: readonly string[], value: unknown): void {
  if (typeof value !== 'string' || !values.includes(value))
    wrong(call, what, `one of ${values.join(', ')}`, value);
}

function wrong(call: string, what: string, expected: string, found: unknown): never {
  throw new TypeError(`report.${call}: expected ${what} to be ${expected}, found ${shown(found)}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}
