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
    find: "if (contact.status === 'active' && isChosen(contact))",
    replace: "if (contact.status !== 'error' && isChosen(contact))",
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
  {
    name: 'jitter that is not seeded',
    file: 'src/sender/settlement.ts',
    find: "return random.fraction('jitter', mailing.name, contact.key, attempts);",
    replace: 'void [random, mailing, contact, attempts]; return Math.random();',
  },
  {
    name: 'the same jitter at each attempt',
    file: 'src/sender/settlement.ts',
    find: "random.fraction('jitter', mailing.name, contact.key, attempts)",
    replace: "random.fraction('jitter', mailing.name, contact.key, attempts && 1)",
  },
  {
    name: 'each refusal extends a suspension',
    file: 'src/sender/destination/host-backoff.ts',
    find: 'policy.suspendMs === 0 || this.isSuspended(host)) return;',
    replace: 'policy.suspendMs === 0) return;',
  },
  {
    name: 'the class of the enhanced code decides over the basic code',
    file: 'src/policy/classify.ts',
    find: 'const digit = Math.floor(reply.code / 100);',
    replace:
      "const digit = Number(/^[245](?=\\.\\d)/.exec(reply.enhanced ?? reply.lines[0] ?? '')?.[0] ?? Math.floor(reply.code / 100));",
  },
  {
    name: 'events are emitted before the store has committed them',
    file: 'src/sender/changes.ts',
    find: 'if (this.isOpen) this.facts.push(fact);',
    replace: "if (this.isOpen && fact.type === 'contact.status') this.facts.push(fact);",
  },
  {
    name: 'a stale connection costs an attempt number',
    file: 'src/sender/settlement.ts',
    find: 'if (delivery.leaving) this.withdrawn(delivery);',
    replace: 'delivery.attempts++; if (delivery.leaving) this.withdrawn(delivery);',
  },
  {
    name: 'an override matches when only its first field does',
    file: 'src/policy/classify.ts',
    find: '    (override.code === undefined || override.code === reply?.code) &&',
    replace:
      '    (override.code !== undefined && override.code === reply?.code) || (override.code === undefined || override.code === reply?.code) &&',
  },
  {
    name: 'a contact in error that a mailing names is mailed',
    file: 'src/sender/sender.ts',
    find: "if (contact.status === 'active' && isChosen(contact))",
    replace:
      "if ((contact.status === 'active' || (contact.status === 'error' && named)) && isChosen(contact))",
  },
  {
    name: "an attempt has the start of another delivery's connection",
    file: 'src/sender/destination/destination.ts',
    find: 'delivery.runningSince = Math.max(since, ready);',
    replace: 'void ready; delivery.runningSince = since;',
  },
  {
    name: 'mail for one domain is brought to the host of another domain of the same provider',
    file: 'src/sender/destination/destinations.ts',
    find: 'const names = [...new Set(hosts.map(nameOf))].sort();',
    replace: 'const names = [...new Set(hosts.map((host) => this.placeOf(nameOf(host))))].sort();',
  },
  {
    name: 'a domain that joins a site dials its suspended hosts',
    file: 'src/sender/destination/host-backoff.ts',
    find: 'this.site.connectionsInUse <= this.connectionsMax && this.resumesAt === undefined;',
    replace: 'this.site.connectionsInUse <= this.connectionsMax;',
  },
  {
    name: 'an idle connection keeps the other domains of a site waiting',
    file: 'src/sender/destination/destination.ts',
    find: 'else if (this.backoff.site.isWanted(this)) connection.quit();',
    replace: '',
  },
];
