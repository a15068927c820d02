// Contacts after a run as CSV, which the next run can start with; written completely or not at all.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeContacts } from '../../src/results/contacts-file.js';
import { readAudienceFile } from '../../src/scenarios/read/audience-file/audience-file.js';
import { DAY } from '../support/policies.js';
import { run } from '../support/runs.js';

const folder = mkdtempSync(path.join(tmpdir(), 'bouncelab-contacts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SKETCH = {
  fleet: { 'example.org': { mailboxes: { bob: { do: 'nonexistent-user' }, full: { do: 'mailbox-full' } } } },
  contacts: [
    'Bob@Example.org',
    'full@example.org',
    { address: 'ann@example.org', status: 'opt-out' as const, softBounceStreak: 2 },
  ],
};

test('the contacts are written as they are in the end, with those that came later', async () => {
  const contactsFile = path.join(folder, 'after.csv');
  await run(
    { ...SKETCH, events: [{ at: DAY, action: 'add', address: 'zoe@example.org' }] },
    { contactsFile },
  );
  expect(readFileSync(contactsFile, 'utf8')).toBe(
    [
      'address,status,softBounceStreak',
      'Bob@Example.org,error,0',
      'full@example.org,active,1',
      'ann@example.org,opt-out,2',
      'zoe@example.org,active,0',
      '',
    ].join('\n'),
  );
  const streaks: number[] = [];
  const add = ({ softBounceStreak }: { softBounceStreak: number }) => void streaks.push(softBounceStreak);
  const options = { columns: {}, statuses: {}, usedFields: new Set<string>(), add };
  expect(readAudienceFile(contactsFile, 'after.csv', options)).toMatchObject({ rows: 4, bad: 0 });
  expect(streaks).toEqual([0, 1, 2, 0]);
});

test('an address with a comma or a quote comes back as it was', () => {
  const file = path.join(folder, 'quoted.csv');
  const addresses = ['"a,b"@example.org', 'plain@example.org'];
  writeContacts(
    file,
    addresses.map((address) => ({ address, status: 'active' as const, softBounceStreak: 0 })),
  );
  expect(readFileSync(file, 'utf8')).toContain('"""a,b""@example.org",active,0\n');
});

describe('when it cannot be written', () => {
  test('an existing file stays, and no draft is left', () => {
    const file = path.join(folder, 'kept.csv');
    writeFileSync(file, 'before');
    const breaking = function* () {
      yield { address: 'bob@example.org', status: 'active' as const, softBounceStreak: 0 };
      throw new Error('no room');
    };
    expect(() => writeContacts(file, breaking())).toThrow(
      expect.objectContaining({
        code: 'E_OUTPUT',
        message: expect.stringContaining('no room') as string,
      }) as Error,
    );
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('a folder of that name is an error', () => {
    const file = path.join(folder, 'folder.csv');
    mkdirSync(file);
    expect(() => writeContacts(file, [])).toThrow(expect.objectContaining({ code: 'E_OUTPUT' }) as Error);
    expect(existsSync(file)).toBe(true);
  });
});

test('a pattern re-activates only contacts in error', async () => {
  const { events } = await run({
    ...SKETCH,
    events: [
      { at: DAY, action: 'reactivate', address: '*@example.org', by: 'support', reason: 'new server' },
    ],
  });
  const changes = events.of('contact.status').filter(({ why }) => why === 'reactivate');
  expect(changes).toMatchObject([
    { address: 'bob@example.org', to: 'active', by: 'support', reason: 'new server' },
  ]);
  expect(events.of('contact.refused')).toEqual([]);
});
