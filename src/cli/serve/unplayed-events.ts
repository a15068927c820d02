// The events of a scenario that only its sender could carry out, such as an opt-out: a live fleet does not play them.

import { plural } from '../../reporters/figures.js';
import type { Screen } from '../../reporters/terminal/screen.js';
import type { EventPlan } from '../../scenarios/plan.js';

/** Says which events are not played, if there are any. */
export function warnOfUnplayed(events: readonly EventPlan[], screen: Screen): void {
  const unplayed = events.filter(({ action }) => action !== 'set' && action !== 'bounce');
  if (unplayed.length === 0) return;
  const actions = [...new Set(unplayed.map(({ action }) => action))].join(', ');
  const what = `${plural(unplayed.length, 'event')} not played, since the sender would have to: ${actions}`;
  screen.write(`warning: ${what}\n`);
}
