// Attempts of a delivery are numbered from 1 without gaps. A connection that turns out to be closed, or a
// wait, is no attempt: if it took a number, it would move the grid and shorten what a policy allows.

import type { Invariant } from './invariant.js';

export const attemptsNumbered: Invariant = {
  name: 'attempts-numbered',
  rule: 'the attempts of a delivery are numbered from 1 without gaps: what is not an attempt takes no number',
  watch: ({ history }) => ({
    on: {
      attempt: ({ mailing, address, n }) => {
        const delivery = history.delivery(mailing, address);
        if (!delivery || n === delivery.attempts + 1) return undefined;
        const what = `attempt ${n} of it is the ${ordinal(delivery.attempts + 1)} that it had`;
        return { what, mailing, address, because: [delivery.last] };
      },
    },
  }),
};

function ordinal(n: number): string {
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${suffix}`;
}
