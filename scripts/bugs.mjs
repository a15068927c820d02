// The bugs that `planted-bugs.mjs` puts into the sources. Each replaces one piece of code; a separate list, so
// that a test can hold it against the sources.

/** `find` must occur in the file exactly once, which a test checks. */
export const BUGS = [
  {
    name: 'off by one in the budget',
    file: 'src/policy/retry-policy.ts',
    find: 'budget !== null && used >= budget',
    replace: 'budget !== null && used > budget',
  },
  {
    name: 'a delivered mailing does not reset the streak',
    file: 'src/sender/model/contact.ts',
    find: 'return this.setStreak(contact, 0, ended.mailing);',
    replace: 'return;',
  },
  {
    name: 'contacts that opted out are mailed',
    file: 'src/sender/sender.ts',
    find: "(contact) => contact.status === 'active' && isChosen(contact)",
    replace: "(contact) => contact.status !== 'error' && isChosen(contact)",
  },
  {
    name: '421 counts as a hard bounce',
    file: 'src/policy/classify.ts',
    find: "if (digit === 4) return 'deferred';",
    replace: "if (digit === 4) return reply.code === 421 ? 'rejected' : 'deferred';",
  },
  {
    name: 'the edge of the window is excluded',
    file: 'src/policy/retry-policy.ts',
    find: 'if (offset > retry.windowMs)',
    replace: 'if (offset >= retry.windowMs)',
  },
  {
    name: 'a second attempt in flight',
    file: 'src/sender/queue.ts',
    find: 'this.heap.push({ delivery, at: delivery.dueAt, order: this.order++ });',
    replace: 'for (const _ of [1, 2]) this.heap.push({ delivery, at: delivery.dueAt, order: this.order++ });',
  },
  {
    name: 'a connection that was closed while idle is charged to the next delivery',
    file: 'src/sender/smtp/session.ts',
    find: "if (this.transactions < 2 || stage !== 'mail') return false;",
    replace: "if (this.transactions >= 0 || stage !== 'mail') return false;",
  },
  {
    name: 'a late bounce counts twice',
    file: 'src/sender/bounce/bounces.ts',
    find: 'const ended = contacts.ended(contact, mailing);',
    replace:
      "const past = contacts.ended(contact, mailing); const ended = past && Object.assign(past, { returned: undefined, what: 'delivered' });",
  },
  {
    name: 'the grid drifts with the time that attempts take',
    file: 'src/policy/retry-policy.ts',
    find: 'const gridPoint = progress.firstAttemptAt + offset;',
    replace: 'const gridPoint = progress.endedAt + retry.intervalsMs.at(-1)!;',
  },
  {
    name: 'a 5xx is tried again',
    file: 'src/policy/classify.ts',
    find: "if (digit === 5) return 'rejected';",
    replace: "if (digit === 5) return 'deferred';",
  },
  {
    name: 'a delivery without an attempt counts for the streak',
    file: 'src/sender/model/contact.ts',
    find: 'if (ended.unattempted === true) return;',
    replace: '',
  },
  {
    name: 'a wait for a connection takes the attempt at the edge of the window',
    file: 'src/policy/retry-policy.ts',
    find: 'return from + windowMs + overrunMs;',
    replace: 'return from + windowMs;',
  },
  {
    name: 'the refusal of a further connection is the result of all that wait',
    file: 'src/sender/destination/destination.ts',
    find: 'if (this.openToSite() > 0) return this.furtherFailed(host);',
    replace: '',
  },
];
