// `return-later`: the server accepts the message, cannot deliver it later, and sends a bounce message to
// the return path (RFC 3464).

import { z } from 'zod';
import { bounceStatusField, positiveDurationField } from '../../base/schema-fields.js';
import { defineBehavior, type ComesBack, type Objection } from './behavior.js';

/** Usual texts of the most frequent status codes, by subject and detail (RFC 3463). */
const TEXTS: Record<string, string> = {
  '1.1': 'The email account that you tried to reach does not exist',
  '1.2': 'Host or domain name not found',
  '2.1': 'The email account that you tried to reach is disabled',
  '2.2': 'The recipient mailbox is full',
  '4.1': 'No answer from host',
  '4.7': 'Delivery time expired',
  '7.1': 'Delivery not authorized, message refused',
};

export const returnLater = defineBehavior({
  name: 'return-later',
  summary:
    'Takes the message (250) and sends a bounce message (RFC 3464) to its return path `after` a time. Placement `returned`.',
  parameters: z.strictObject({
    after: positiveDurationField().describe('How long after the acceptance the bounce message is sent'),
    status: bounceStatusField()
      .optional()
      .describe('Status code in it (RFC 3463): 5.x.x makes a hard bounce, 4.x.x a soft one; default 5.1.1'),
    action: z
      .enum(['failed', 'delayed'])
      .default('failed')
      .describe(
        '`delayed`: the server is still trying, the message has not failed, and the status is 4.4.1 by default',
      ),
    times: z.int().min(1).max(100).default(1).describe('How many times the same bounce message is sent'),
    every: positiveDurationField().prefault('1m').describe('Time between two of them'),
    text: z.string().optional().describe('Text of the diagnostic; by default one that fits the status'),
  }),
  points: ['message'],
  defaultPoint: () => 'message',
  objections: ({ params: { action, status, times }, isGiven }) => [
    ...everyObjections(times, isGiven('every')),
    ...(action === 'delayed' && status?.startsWith('5')
      ? [
          {
            key: 'status',
            message: 'a delayed message has not failed permanently: its status cannot be 5.x.x',
            hint: 'use a 4.x.x status, or leave `action` out',
          },
        ]
      : []),
  ],
  decide: ({ after, every, ...report }) => ({
    kind: 'accept',
    placement: report.action === 'failed' ? 'returned' : 'inbox',
    comesBack: bounce({ ...report, afterMs: after, everyMs: every }),
  }),
});

/** @returns the objection to `every` where only one message is sent */
export function everyObjections(times: number, isEveryGiven: boolean): Objection[] {
  if (!isEveryGiven || times > 1) return [];
  return [
    {
      key: 'every',
      message: '`every` has an effect only when more than one message is sent',
      hint: 'add `times: 2`, or leave `every` out',
    },
  ];
}

interface Report {
  afterMs: number;
  status?: string | undefined;
  action?: 'failed' | 'delayed';
  times?: number;
  everyMs?: number;
  /** By default the usual text of this status. */
  text?: string | undefined;
}

/** The bounce message of a report. */
export function bounce(report: Report): ComesBack {
  const { afterMs, action = 'failed', times = 1, everyMs = 0 } = report;
  const status = report.status ?? (action === 'failed' ? '5.1.1' : '4.4.1');
  const text = report.text ?? TEXTS[status.slice(2)] ?? 'The message could not be delivered';
  return { kind: 'bounce', afterMs, times, everyMs, status, action, text };
}
