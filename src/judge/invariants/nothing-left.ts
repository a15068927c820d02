// At the end of a run every connection is closed and every mailing is completed.

import type { Invariant } from './invariant.js';

export const nothingLeft: Invariant = {
  name: 'nothing-left',
  rule: 'at the end every connection is closed and every mailing completed',
  watch: ({ history }) => ({
    ended() {
      for (const { opened } of history.sessions.values()) {
        const what = `the connection ${opened.session} to ${opened.host} was never closed`;
        return { what, because: [opened] };
      }
      for (const [mailing, { completed, building }] of history.mailings) {
        if (!completed) return { what: 'it was never completed', mailing, because: [building] };
      }
      return undefined;
    },
  }),
};
