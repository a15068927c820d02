// The `stage` parameter that most behaviors share, limited to the stages where each can act.

import { z } from 'zod';
import type { Stage } from '../../events/types.js';

/** @param points the stages at which the behavior can act */
export function stageParameter<const Points extends readonly Stage[]>(points: Points) {
  return z.enum(points).optional().describe('Stage of the dialogue at which it acts');
}
