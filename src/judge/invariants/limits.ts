// The sender keeps its limits: connections open at once to a destination, and messages on one connection.

import type { Invariant } from './invariant.js';

export const limits: Invariant = {
  name: 'limits',
  rule: 'a destination never has more connections, nor a connection more messages, than the limit',
  watch({ history, limits: { connectionsMax, messagesPerConnectionMax } }) {
    const touched = new Set<string>();
    return {
      on: {
        'connection.opened': ({ domain }) => {
          touched.add(domain);
          return undefined;
        },
        'smtp.command': ({ session, line }) => {
          const record = history.sessions.get(session);
          if (!record || record.transactions < messagesPerConnectionMax || !/^MAIL /i.test(line))
            return undefined;
          return {
            what: `message ${record.transactions + 1} on one connection to ${record.opened.domain}, the limit is ${messagesPerConnectionMax}`,
            because: [record.opened],
          };
        },
      },
      settled() {
        for (const domain of touched) {
          const open = history.domain(domain).open.size;
          if (open > connectionsMax) {
            touched.clear();
            return { what: `${open} connections to ${domain} at once, the limit is ${connectionsMax}` };
          }
        }
        touched.clear();
        return undefined;
      },
    };
  },
};
