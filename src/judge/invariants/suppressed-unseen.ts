// No server sees an address that the scenario suppresses, whether it is a contact or not.

import type { Invariant } from './invariant.js';

export const suppressedUnseen: Invariant = {
  name: 'suppressed-unseen',
  rule: 'no server sees a suppressed address (`audience.suppress`)',
  anySender: true,
  watch({ history, suppressed }) {
    if (!suppressed || suppressed.size === 0) return {};
    return {
      on: {
        'smtp.command': (event) => {
          const rcpt = history.named(event);
          if (!rcpt || !suppressed.has(rcpt.address)) return undefined;
          return { what: `a RCPT named ${rcpt.address}, which is suppressed`, ...rcpt };
        },
      },
    };
  },
};
