// The `stage` parameter that most behaviors share, limited to the stages where each can act.

import { z } from 'zod';
import type { Point } from '../plan.js';

/** The stages at which a server is asked something and answers. */
export const REPLY_STAGES = ['connect', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'message'] as const;

/** And those at which it may speak, or leave, although it was asked nothing. */
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
        (points.includes('body') ? '; `body` is while the message is coming in' : '') +
        (points.includes('idle') ? ', `idle` when nothing is being asked' : ''),
    );
}
