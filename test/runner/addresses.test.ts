// A scenario in which contacts and domains are named in several spellings: what the servers see, and what the
// expectations find.

import { expect, test } from 'vitest';
import { contactsCsv } from '../../src/results/contacts-file.js';
import { runScenario } from '../../src/runner/run.js';

import { load, planOf } from '../scenarios/load-scratch.js';
import type { RunEvent } from '../../src/events/types.js';

const BOB = ['bob@bücher.example', 'bob@xn--bcher-kva.example'] as const;

test.each<readonly [string, string]>([BOB, [BOB[1], BOB[0]]])(
  '%s that is added again as %s is one contact',
  async (first, second) => {
    const text = `name: t
fleet: { default: {} }
audience: { contacts: ['${first}'] }
events: [{ at: 0h, add: '${second}' }]
mailings: [{ name: m, at: 1h }]
expect: [{ at: end, m: { recipients: 1, delivered: 1 }, servers: { bücher.example: { accepted: 1 } } }]
`;
    expect(load(text).warnings?.map(({ message }) => message)).toEqual([
      `\`${second}\` is the contact \`${first}\` in another spelling`,
    ]);
    const events: RunEvent[] = [];
    let csv = '';
    const result = await runScenario(planOf(text), {
      onEvent: (event) => events.push(event),
      onContacts: (lines) => (csv += lines),
    });
    expect(result.status).toBe('passed');
    expect(csv.split('\n')[1]).toBe(`${first},active,0`);
    expect(events.filter(({ type }) => type === 'contact.refused')).toMatchObject([
      { address: BOB[1], why: 'there is such a contact already' },
    ]);
    const rcpt = events.flatMap((event) => (event.type === 'smtp.command' ? [event.line] : []));
    expect(rcpt.filter((line) => line.startsWith('RCPT'))).toEqual([`RCPT TO:<${BOB[1]}>`]);
  },
);

test('a quoted local part survives the export of contacts', () => {
  const rows = [{ address: '"a, ""b"@example.org', status: 'active' as const, softBounceStreak: 0 }];
  expect([...contactsCsv(rows)].join('')).toContain('"""a, """"b""@example.org",active,0');
});

test('a bounce message comes back for a local part beyond ASCII', async () => {
  const plan = planOf(`name: t
fleet: { bücher.example: { mailboxes: { jörg: { do: return-later, after: 1h } } } }
audience: { contacts: ['jörg@bücher.example'] }
mailings: [{ name: m }]
expect: [{ at: end, m: { bounced: { hard: 1 }, lateBounces: 1 }, contacts: { 'JÖRG@xn--bcher-kva.example': error } }]
`);
  expect(await runScenario(plan)).toMatchObject({ status: 'passed' });
});
