// `throttle`: limits, enforced by counting in virtual time. What exceeds a limit is refused at the stage
// at which it shows; refused messages and recipients do not count.

import { z } from 'zod';
import { rateField } from '../../base/schema-fields.js';
import { defineBehavior, refusal, type Objection, type Situation } from './behavior.js';

const HOUR_MS = 3_600_000;
const LIMITS = ['rate', 'connections', 'messagesPerConnection', 'recipientsPerHour'] as const;
const count = () => z.int().min(1);

export const throttle = defineBehavior({
  name: 'throttle',
  summary:
    'Enforces limits for each client by counting: `connections` at once (421 4.7.0 at connect), `messagesPerConnection` (421 4.7.0 at MAIL), `rate` of messages (451 4.7.1 at MAIL), `recipientsPerHour` (452 4.5.3 at RCPT). For a mailbox, `rate` counts its messages (450 4.2.1 at RCPT).',
  cause: 'throttled',
  parameters: z.strictObject({
    rate: rateField()
      .optional()
      .describe('Messages in a time, such as 100/h; the time begins with the first message'),
    connections: count().optional().describe('Simultaneous connections of one client'),
    messagesPerConnection: count().optional().describe('Messages on one connection'),
    recipientsPerHour: count()
      .optional()
      .describe('Recipients in an hour that begins with the first recipient'),
  }),
  points: ['connect', 'mail', 'rcpt'],
  defaultPoint: () => 'any',
  mayPass: () => true,
  objections({ scope, params, when }) {
    const objections: Objection[] = [];
    if (LIMITS.every((limit) => params[limit] === undefined)) {
      objections.push({
        message: '`throttle` has no limit',
        hint:
          scope === 'mailbox'
            ? 'give it `rate: 60/h`'
            : 'give it one or more of rate: 100/h, connections: 5, messagesPerConnection: 20, recipientsPerHour: 500',
      });
    }
    for (const key of LIMITS) {
      if (scope !== 'mailbox' || key === 'rate' || params[key] === undefined) continue;
      objections.push({
        key,
        message: `\`${key}\` cannot be a limit of one mailbox: it counts what a client does at the whole host`,
        hint: 'put it under `behaviors` of the domain; a mailbox can have a `rate`',
      });
    }
    for (const key of ['attempts', 'share', 'chance'] as const) {
      if (when[key] === undefined) continue;
      objections.push({
        key,
        message: `\`${key}\` cannot be combined with \`throttle\`: a limit counts all attempts, not a random part of them`,
        hint: 'use `during`, `from` or `until`',
      });
    }
    return objections;
  },
  checks(params, { point, scope }) {
    if (point === 'connect') return params.connections !== undefined;
    if (point === 'mail')
      return params.messagesPerConnection !== undefined || (scope !== 'mailbox' && params.rate !== undefined);
    return point === 'rcpt' && (scope === 'mailbox' || params.recipientsPerHour !== undefined);
  },
  decide(params, situation) {
    const { point, scope, host, connections, messages } = situation;
    const refuse = (code: number, enhanced: string, text: string, close = false) =>
      refusal(situation, 'throttled', { code, enhanced, lines: [text] }, { close });
    if (point === 'connect' && params.connections !== undefined && connections >= params.connections) {
      return refuse(421, '4.7.0', `${host} Too many concurrent connections from your address`, true);
    }
    if (point === 'mail') {
      const { messagesPerConnection: most } = params;
      if (most !== undefined && messages >= most) {
        return refuse(421, '4.7.0', `${host} Too many messages on this connection`, true);
      }
      if (scope !== 'mailbox' && params.rate && isOver('rate', params.rate, situation)) {
        return refuse(451, '4.7.1', 'Too many messages from your address, try again later');
      }
    }
    if (point !== 'rcpt') return undefined;
    if (scope === 'mailbox') {
      return params.rate && isOver('rate', params.rate, situation)
        ? refuse(450, '4.2.1', 'This mailbox is receiving too much mail, try again later')
        : undefined;
    }
    const hourly = params.recipientsPerHour;
    return hourly !== undefined && isOver('recipients', { count: hourly, perMs: HOUR_MS }, situation)
      ? refuse(452, '4.5.3', 'Too many recipients from your address, try again later')
      : undefined;
  },
});

interface Limit {
  count: number;
  perMs: number;
}

/** Counts one more unless the limit of the current period is reached. @returns whether it is */
function isOver(what: string, limit: Limit, { client, scope, recipient, now, notes }: Situation): boolean {
  const key = `${what} ${client} ${scope === 'mailbox' ? recipient : ''}`;
  const since = notes.get(`${key} since`);
  if (since === undefined || now - since >= limit.perMs) {
    notes.set(`${key} since`, now);
    notes.set(key, 1);
    return false;
  }
  const counted = notes.get(key)!;
  if (counted >= limit.count) return true;
  notes.set(key, counted + 1);
  return false;
}
