// Scripts that act at one stage of a dialogue, and the one attempt that comes of it.

import { expect } from 'vitest';
import type { Stage } from '../../src/events/types.js';
import type { Moment, Script, Scripted } from './scripted-server.js';

/** Stages at which a scripted server can be made to act. */
export type ServerStage = Exclude<Stage, 'starttls'>;

const VERB_OF: Record<ServerStage, string> = {
  connect: 'CONNECT',
  ehlo: 'EHLO',
  mail: 'MAIL',
  rcpt: 'RCPT',
  data: 'DATA',
  message: '.',
};
export const SERVER_STAGES = Object.keys(VERB_OF) as ServerStage[];

/** Acts once at a stage; everything else gets its usual reply. */
export function at(stage: ServerStage, act: (moment: Moment) => string | null): Script {
  return (moment) => (moment.verb === VERB_OF[stage] ? act(moment) : undefined);
}

/** The only attempt of the run. */
export function only({ events }: Scripted) {
  const attempts = events.of('attempt');
  expect(attempts).toHaveLength(1);
  expect(events.of('delivery.ended')).toHaveLength(1);
  return attempts[0]!;
}
