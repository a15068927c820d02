// Addresses that name a behavior, in a scenario: one that names no known behavior is reported with its
// location.

import { describe, expect, it } from 'vitest';
import { problemsOf, scenario, write } from './load-scratch.js';

const fleet =
  'fleet:\n  example.org: { shorthand: true, mailboxes: { "named+*": busy } }\n  yahoo.com: { shorthand: false }';

function problems(audience: string, more = ''): string[] {
  return problemsOf(scenario({ fleet, audience: `audience: { ${audience} }`, more }));
}

/** The problem of one contact. */
function problemOf(localPart: string): string {
  const [problem = ''] = problems(`contacts: [${localPart}@example.org]`);
  return problem.replace(/^.* does not name its behavior: /, '');
}

describe('an address that names no known behavior', () => {
  it('is reported wherever it is written, but only on a domain with `shorthand: true`', () => {
    const names = 'bob+busy-x2, bob, named+bsuy, bob+bsuy';
    const written = names.split(', ').map((name) => `${name}@example.org`);
    expect(problems(`contacts: [${written.join(', ')}, eve+bsuy@yahoo.com]`)).toEqual([
      expect.stringMatching(
        /^5:90\+20 the address `bob\+bsuy@example\.org` does not name its behavior: unknown behavior `bsuy` \| did you mean `busy`\? known here: accept, busy, /,
      ),
    ]);
    const file = write('people.csv', 'address\nbob@example.org\nbob+bsuy@example.org\n');
    expect(problems(`file: ${file}`)).toEqual([expect.stringMatching(/^people\.csv:3:1\+20 the address /)]);
    expect(
      problems('contacts: [bob@example.org]', 'events: [{ at: 1h, add: zoe+bsuy@example.org }]'),
    ).toEqual([expect.stringMatching(/^\d+:\d+\+20 the address `zoe\+bsuy@example\.org` /)]);
  });

  it('is reported once for all contacts of one generating entry', () => {
    expect(problems('generate: [{ count: 50, at: example.org, prefix: bob+busy }]')).toEqual([
      '5:24+48 the address `bob+busy-1@example.org` does not name its behavior: `1` is no argument of `busy` | known here: rcpt, data, body, message, x2',
    ]);
  });

  it.each([
    ['b+', 'unknown behavior `` | known here: '],
    ['b+mailbox-full-permanant', '`permanant` is no argument of `mailbox-full` | did you mean `permanent`?'],
    ['b+return-later', '`return-later` needs `after` | give it, as in return-later-30m'],
    [
      'b+down',
      '`down` cannot act for one mailbox: the recipient is not known yet | put it under `behaviors`',
    ],
    [
      'b+busy-connect',
      '`busy` cannot act for one mailbox at connect: the recipient is not known yet | put it',
    ],
    ['b+disconnect-kept', '`kept` has an effect only at stage `message`: '],
    [
      'b+busy+mailbox-full',
      '`mailbox-full` can never act: `busy` before it always answers first | limit the',
    ],
    ['b+reply', '`reply` has no code | write the code itself, as in bob+550-5.1.1'],
    ['b+throttle', '`throttle` has no limit | give it `rate: 60/h`'],
  ])('%s: %s', (localPart, expected) => {
    expect(problemOf(localPart).slice(0, expected.length)).toBe(expected);
  });
});
