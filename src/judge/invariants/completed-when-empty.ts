// Rule 7: a mailing is completed at the time at which its last delivery ends.

import type { Invariant } from './invariant.js';

export const completedWhenEmpty: Invariant = {
  name: 'completed-when-empty',
  rule: 'a mailing is completed exactly when nothing of it is in progress (rule 7)',
  watch({ history }) {
    const touched = new Set<string>();
    return {
      on: {
        'mailing.started': ({ mailing }) => {
          touched.add(mailing);
          return undefined;
        },
        'delivery.ended': ({ mailing }) => {
          touched.add(mailing);
          return undefined;
        },
        'mailing.completed': ({ mailing }) => {
          const { open = 0, completed, started } = history.mailings.get(mailing) ?? {};
          if (!started) return { what: 'it was completed before it was in progress', mailing };
          if (completed) return { what: 'it was completed twice', mailing, because: [completed] };
          return open === 0 ? undefined : { what: `it was completed with ${open} in progress`, mailing };
        },
      },
      settled() {
        for (const mailing of touched) {
          const { open, started, completed } = history.mailings.get(mailing)!;
          if (open > 0 || !started || completed) continue;
          touched.clear();
          return { what: 'nothing of it is in progress, and it is not completed', mailing };
        }
        touched.clear();
        return undefined;
      },
    };
  },
};
