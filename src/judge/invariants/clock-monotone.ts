// Virtual time never goes back, and the log has all events: they are numbered without gaps.

import type { Invariant } from './invariant.js';

export const clockMonotone: Invariant = {
  name: 'clock-monotone',
  rule: 'virtual time never goes back, and the events are numbered without gaps',
  anySender: true,
  watch() {
    let t = 0;
    let seq = -1;
    return {
      every(event) {
        const what =
          event.t < t
            ? `the clock went back from ${t} ms to ${event.t} ms`
            : event.seq !== seq + 1
              ? `event ${event.seq} follows event ${seq}`
              : undefined;
        t = event.t;
        seq = event.seq;
        return what === undefined ? undefined : { what };
      },
    };
  },
};
