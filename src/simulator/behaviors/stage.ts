// The `stage` parameter that most behaviors have, limited to the stages at which each can act.

import { z } from 'zod';
import type { Point } from '../plan.js';

/** The stages at which a client waits for a reply. */
export const REPLY_STAGES = ['connect', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'message'] as const;

/** Also those at which the server may send a reply, or disconnect, although no command was sent. */
export const ALL_STAGES = [
  'connect',
  'ehlo',
  'starttls',
  'mail',
  'rcpt',
  'data',
  'body',
  'message',
  'idle',
] as const;

/** @param points the stages at which the behavior can act */
export function stageParameter<const Points extends readonly Exclude<Point, 'dial' | 'any'>[]>(
  points: Points,
) {
  return z
    .enum(points)
    .optional()
    .describe(
      'Stage of the dialogue at which it acts' +
        (points.includes('starttls') ? '; `starttls` offers STARTTLS' : '') +
        (points.includes('body') ? '; `body` is while the message is being received' : '') +
        (points.includes('idle') ? ', `idle` between transactions' : ''),
    );
}
