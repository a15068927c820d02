// Draws the events of an experiment: changes of contacts, forged bounce messages and crashes. Changes of
// servers are drawn in experiment.ts.

import type { Data } from './document.js';
import type { Draw } from './draw.js';
import { durationText, type Moments } from './moments.js';
import { returnPathOf, type DrawnPeople } from './people.js';

/** What the events of an experiment are drawn from. */
export interface Schedule {
  draw: Draw;
  moments: Moments;
  /** Names of the faults that are enabled. */
  faults: ReadonlySet<string>;
  people: DrawnPeople;
  mailings: readonly string[];
}

type Happening = { [key: string]: Data };

/** Events of an experiment, except those that change servers. */
export function drawEvents({ draw, moments, faults, people, mailings }: Schedule): Happening[] {
  const events: Happening[] = [];
  const add = (name: string, make: (n: number) => Happening, max = 3): void => {
    if (!faults.has(name)) return;
    events.push(...draw.many(1, max, (n) => ({ at: durationText(moments.any()), ...make(n) })));
  };
  const anyDomain = (): string => people.spelled(draw.one(people.served));
  add('opt-out', () => ({ 'opt-out': people.any() }));
  add('reactivate', () => ({
    reactivate: draw.chance(0.2) ? `*@${anyDomain()}` : people.any(),
    reason: 'drawn',
  }));
  add('subscribe', (n) => ({
    subscribe: draw.chance(0.2) ? `sub${n + 1}@${anyDomain()}` : people.any(),
  }));
  // A contact that is added in another spelling exists already, and the sender must notice.
  add('add', (n) => ({
    add: (draw.chance(0.3) ? people.respelled() : undefined) ?? `new${n + 1}@${anyDomain()}`,
  }));
  add('bounce', () => forgery(draw, draw.one(mailings), people.any()));
  if (faults.has('crash')) events.push(...crashes(draw, moments));
  return events;
}

/** A bounce message for a forged return path. */
function forgery(draw: Draw, mailing: string, about: string): Happening {
  const verp = returnPathOf(mailing, about);
  const tagged = verp?.replace(/(?="?$)/, '+aaaaaaaaaa');
  const to = draw.one([verp, tagged, 'news']) ?? 'postmaster';
  return { bounce: `${to}@return.sender.example`, about, status: draw.one(['5.1.1', '4.2.2']) };
}

/** Crashes that do not overlap: a sender that is down cannot crash. */
function crashes(draw: Draw, moments: Moments): Happening[] {
  const at = draw.many(1, 3, () => moments.any()).sort((a, b) => a - b);
  let up = 0;
  return at.flatMap((ms) => {
    if (ms < up) return [];
    const down = draw.one([0, 1, 1000 * draw.int(1, 60), 60_000 * draw.int(1, 90)]);
    up = ms + down;
    return [{ at: durationText(ms), crash: 'sender', restart: durationText(down) }];
  });
}
