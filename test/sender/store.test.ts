// The stores: records come back unchanged and in order. A file that cannot be used is refused with the
// error code of its problem, before anything in it is changed.

import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import Database from 'libsql';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { memoryStore } from '../../src/sender/store/memory.js';
import { openSqliteStore, type SqliteOptions } from '../../src/sender/store/sqlite/sqlite.js';
import type { Commit, DeliveryRecord, Store } from '../../src/sender/store/store.js';

/** A program that fills a store until a commit fails, closes it and opens it again. */
const GROWS = `
  import { openSqliteStore } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
  const file = process.argv[1];
  const say = (when) => ({ code, message }) => console.log(when, code, message);
  const store = await openSqliteStore(file);
  const nothing = { contacts: [], past: [], statuses: [], mailings: [], joined: [] };
  const delivery = {
    mailing: 'november', state: 'queued', attempts: 0, replied: 0, unreachable: 0, unknown: 0, missed: 0, dueAt: 0,
  };
  let kept = 0;
  try {
    for (; kept < 10_000; kept += 50) {
      const some = Array.from({ length: 50 }, (_, index) => ({ ...delivery, contact: 'more-' + (kept + index) }));
      store.commit({ ...nothing, deliveries: some });
    }
  } catch (error) {
    console.log('kept', kept);
    say('commit')(error);
  }
  try {
    store.close();
  } catch (error) {
    say('close')(error);
  }
  await openSqliteStore(file).catch(say('open'));
`;

const folder = mkdtempSync(path.join(tmpdir(), 'bouncelab-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const newFile = (): string => path.join(folder, `${++files}.db`);

async function open(file: string, options?: SqliteOptions): Promise<Store> {
  const store = await openSqliteStore(file, options);
  onTestFinished(() => store.close());
  return store;
}

const NOTHING: Commit = { contacts: [], past: [], statuses: [], mailings: [], joined: [], deliveries: [] };

function delivery(contact: string, changes: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return {
    mailing: 'november',
    contact,
    state: 'queued',
    attempts: 0,
    replied: 0,
    unreachable: 0,
    unknown: 0,
    missed: 0,
    firstAttemptAt: undefined,
    lastCause: undefined,
    dueAt: 1_767_225_605_000,
    leaving: undefined,
    running: undefined,
    ...changes,
  };
}

const FIRST: Commit = {
  contacts: [
    { address: 'Zoe@Example.org', status: 'active', softBounceStreak: 0, start: undefined },
    { address: 'bob@example.org', status: 'active', softBounceStreak: 3, start: undefined },
  ],
  past: [],
  statuses: [],
  mailings: [
    {
      name: 'november',
      order: {
        name: 'november',
        kind: 'standard',
        message: { subject: 'Grüße "x"', text: 'a\nb', sizeBytes: 0 },
        to: { addresses: ['*@example.org'] },
      },
      state: 'in-progress',
      buildingUntil: 1_767_225_605_000,
      startedAt: 1_767_225_605_000.25,
      recipients: 2,
    },
  ],
  joined: [{ mailing: 'november', contact: 'zoe@example.org' }],
  deliveries: [
    delivery('zoe@example.org', {
      running: { startedAt: 1_767_225_606_000, host: 'mx.example.org', finalDot: false },
    }),
    delivery('bob@example.org', {
      attempts: 3,
      replied: 1,
      unreachable: 2,
      unknown: 1,
      missed: 4,
      firstAttemptAt: 1_767_225_605_000.125,
      lastCause: 'mailbox-full',
      leaving: 'opt-out',
    }),
  ],
};

const SECOND: Commit = {
  ...NOTHING,
  contacts: [
    {
      address: 'Zoe@Example.org',
      status: 'error',
      softBounceStreak: 1,
      start: { status: 'active', softBounceStreak: 0 },
    },
  ],
  past: [
    {
      contact: 'zoe@example.org',
      index: 0,
      past: { what: 'delivered', mailing: 'november', chosenAt: 1, begunAt: 2, endedAt: 3 },
    },
    { contact: 'zoe@example.org', index: 1, past: { what: 'opt-out', at: 4 } },
  ],
  statuses: [
    {
      contact: 'zoe@example.org',
      at: 1_767_225_605_000,
      from: 'active',
      to: 'error',
      why: 'hard-bounce',
      by: 'sender',
      reason: undefined,
      mailing: 'november',
    },
    {
      contact: 'bob@example.org',
      at: 1_767_225_605_001,
      from: 'error',
      to: 'active',
      why: 'reactivate',
      by: 'support',
      reason: 'emptied',
      mailing: undefined,
    },
  ],
  deliveries: [
    delivery('zoe@example.org', {
      state: 'delivered',
      running: { startedAt: 1_767_225_606_000, host: 'mx.example.org', finalDot: true },
    }),
  ],
};

/** The contents of a store, as lists. */
function contents(store: Store) {
  const { contacts, past, mailings, joined, deliveries } = store.load();
  return {
    contacts: [...contacts],
    past: [...past],
    mailings: [...mailings],
    joined: [...joined],
    deliveries: [...deliveries],
    statuses: [...store.statuses()],
  };
}

describe.each([
  ['memory', () => Promise.resolve(memoryStore())],
  ['SQLite', () => open(newFile())],
])('%s', (_, make) => {
  test('starts empty', async () => {
    const store = await make();
    expect(contents(store)).toEqual(NOTHING);
  });

  test('returns the records that were committed', async () => {
    const store = await make();
    store.commit(FIRST);
    expect(contents(store)).toEqual(FIRST);
  });

  test('replaces existing records without changing their order, and appends to the journal', async () => {
    const store = await make();
    store.commit(FIRST);
    store.commit(SECOND);
    const changed: Commit = { ...SECOND, past: [{ ...SECOND.past[0]!, past: { what: 'opt-out', at: 9 } }] };
    store.commit(changed);
    expect(contents(store)).toEqual({
      contacts: [SECOND.contacts[0], FIRST.contacts[1]],
      past: [changed.past[0], SECOND.past[1]],
      mailings: FIRST.mailings,
      joined: FIRST.joined,
      deliveries: [SECOND.deliveries[0], FIRST.deliveries[1]],
      statuses: [...SECOND.statuses, ...SECOND.statuses],
    });
  });

  test('returns the journal of one contact', async () => {
    const store = await make();
    store.commit(SECOND);
    expect([...store.statuses('BOB@example.org')]).toEqual([SECOND.statuses[1]]);
  });
});

describe('a store file', () => {
  test('has its records after it was closed and opened again', async () => {
    const file = newFile();
    const first = await openSqliteStore(file);
    first.commit(FIRST);
    first.close();
    const second = await open(file);
    expect(contents(second)).toEqual(FIRST);
  });

  test('stores a change as a whole or not at all', async () => {
    const store = await open(newFile());
    store.commit(FIRST);
    const half = { ...SECOND, deliveries: [{ ...SECOND.deliveries[0]!, dueAt: null as unknown as number }] };
    expect(() => store.commit(half)).toThrow();
    expect(contents(store)).toEqual(FIRST);
    store.commit(SECOND);
    expect(contents(store).statuses).toEqual(SECOND.statuses);
  });

  test('that is in use is refused, and can be opened after that', async () => {
    const file = newFile();
    const first = await openSqliteStore(file);
    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: 'E_STORE_LOCKED',
      message: `the store ${file} is in use by another sender`,
    });
    first.commit(FIRST);
    first.close();
    expect(contents(await open(file))).toEqual(FIRST);
  });

  test.each([
    ['is not a database', (file: string) => writeFileSync(file, 'address,status\n'.repeat(500))],
    [
      'has a damaged page',
      async (file: string) => {
        await written(file);
        const bytes = readFileSync(file);
        bytes.fill(0x5a, 4096 + 8, 4096 * 3);
        writeFileSync(file, bytes);
      },
    ],
    [
      'was cut off',
      async (file: string) => {
        await written(file);
        writeFileSync(file, readFileSync(file).subarray(0, 4096 * 3));
      },
    ],
  ] as [string, (file: string) => void | Promise<void>][])('that %s is refused', async (_, make) => {
    const file = newFile();
    await make(file);
    const before = readFileSync(file);
    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: 'E_STORE_CORRUPT',
      message: `the store ${file} is damaged or is not a store`,
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test.each([
    "contact SET status = 'opt out'",
    'contact SET status = NULL',
    'contact SET streak = -1',
    "contact SET start_status = 'bounced'",
    "contact SET fields = 'first name'",
    "past SET entry = '{'",
    "status_change SET to_status = 'gone'",
    "mailing SET state = 'done'",
    "mailing SET orders = ''",
    "delivery SET state = 'soft bounced'",
    "delivery SET attempts = 'three'",
    'delivery SET attempts = -1',
    "delivery SET leaving = 'active'",
    "delivery SET due_at = 'tomorrow'",
    'delivery SET final_dot = 2',
  ])('refuses invalid values: UPDATE %s', async (what) => {
    const file = newFile();
    await written(file);
    expect(() => change(file, `UPDATE ${what}`)).toThrow(/constraint failed|cannot store/);
    expect((await open(file)).load().deliveries).not.toEqual([]);
  });

  // Before two spellings of an address were one contact, the key was the address in lower case.
  const OLD = `
    UPDATE contact SET key = 'jörg@bücher.example', address = 'Jörg@bücher.example' WHERE key = 'zoe@example.org';
    UPDATE past SET contact = 'jörg@bücher.example' WHERE contact = 'zoe@example.org';
    UPDATE status_change SET contact = 'jörg@bücher.example' WHERE contact = 'zoe@example.org';
    UPDATE delivery SET contact = 'jörg@bücher.example' WHERE contact = 'zoe@example.org';`;

  test('of an older version keeps the deliveries of a contact at an internationalized domain', async () => {
    const file = newFile();
    await written(file);
    const before = await withStore(file, contents);
    change(file, OLD);
    const key = 'jörg@xn--bcher-kva.example';
    const renamed = <T extends { contact: string }>(all: readonly T[]): T[] =>
      all.map((one) => (one.contact === 'zoe@example.org' ? { ...one, contact: key } : one));
    const expected = {
      ...before,
      contacts: before.contacts.map((one) =>
        one.address === 'Zoe@Example.org' ? { ...one, address: 'Jörg@bücher.example' } : one,
      ),
      past: renamed(before.past),
      deliveries: renamed(before.deliveries),
    };
    expect(before.deliveries).not.toEqual(expected.deliveries);
    expect(await withStore(file, contents)).toMatchObject({
      ...expected,
      statuses: before.statuses.map(() => ({})),
    });
    // What is stored from now on replaces what was there, and does not come beside it.
    const next = delivery(key, { attempts: 9 });
    await withStore(file, (store) => store.commit({ ...NOTHING, deliveries: [next] }));
    expect((await withStore(file, contents)).deliveries).toEqual(
      expected.deliveries.map((one) => (one.contact === key ? next : one)),
    );
  });

  test('of an older version that has one contact in two spellings is refused and not changed', async () => {
    const file = newFile();
    await written(file);
    change(
      file,
      `${OLD} INSERT INTO contact VALUES ('jörg@xn--bcher-kva.example', 'jörg@xn--bcher-kva.example', 'active', 0, NULL, NULL, NULL)`,
    );
    const before = readFileSync(file);
    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: 'E_STORE_VERSION',
      message: `the store ${file} of an older version has one contact twice, as Jörg@bücher.example and as jörg@xn--bcher-kva.example`,
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('with an invalid row is refused', async () => {
    const file = newFile();
    await written(file);
    change(file, "PRAGMA ignore_check_constraints = ON; UPDATE mailing SET orders = '{'");
    await expect(openSqliteStore(file)).rejects.toMatchObject({ code: 'E_STORE_CORRUPT' });
  });

  test('without one of its tables is refused', async () => {
    const file = newFile();
    await written(file);
    change(file, 'DROP TABLE past');
    await expect(openSqliteStore(file)).rejects.toMatchObject({ code: 'E_STORE_CORRUPT' });
  });

  test('of another program is refused and not changed', async () => {
    const file = newFile();
    change(file, 'CREATE TABLE songs (title TEXT)');
    const before = readFileSync(file);
    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: 'E_STORE_CORRUPT',
      message: `${file} is a database, but not a store of a sender`,
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('of a newer version is refused and not changed', async () => {
    const file = newFile();
    await written(file);
    change(file, 'PRAGMA user_version = 3');
    const before = readFileSync(file);
    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: 'E_STORE_VERSION',
      message: `the store ${file} has version 3; this program supports versions up to 2`,
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('of the first version, without contacts that joined a mailing, is brought to the present one', async () => {
    const file = newFile();
    await written(file);
    change(file, 'DROP TABLE joined');
    change(file, 'PRAGMA user_version = 1');
    const store = await open(file);
    store.commit({ ...NOTHING, joined: [{ mailing: 'november', contact: 'bob@example.org' }] });
    const { mailings, joined } = store.load();
    expect([...mailings].map(({ name }) => name)).toEqual(['november']);
    expect([...joined]).toEqual([{ mailing: 'november', contact: 'bob@example.org' }]);
    store.close();
    const again = await open(file);
    expect([...again.load().joined]).toHaveLength(1);
  });

  test('that cannot be written to is refused', async () => {
    const file = newFile();
    await written(file);
    chmodSync(file, 0o444);
    await asOtherUser(async () => {
      await expect(openSqliteStore(file)).rejects.toMatchObject({ code: 'E_STORE_READ_ONLY' });
    });
  });

  test('in a folder that cannot be written to is refused', async () => {
    const readOnly = mkdtempSync(path.join(folder, 'read-only-'));
    chmodSync(readOnly, 0o555);
    await asOtherUser(async () => {
      await expect(openSqliteStore(path.join(readOnly, 'new.db'))).rejects.toMatchObject({
        code: 'E_STORE_READ_ONLY',
      });
    });
  });

  test('in a folder that does not exist is refused', async () => {
    await expect(openSqliteStore(path.join(folder, 'no', 'x.db'))).rejects.toMatchObject({
      code: 'E_STORE',
      message: expect.stringContaining('there is no folder') as string,
    });
  });

  test('that is a folder is refused', async () => {
    await expect(openSqliteStore(folder)).rejects.toMatchObject({
      code: 'E_STORE',
      message: `the store ${folder} is not a file`,
    });
  });

  test('on a full disk keeps what was stored before and reports E_STORE_FULL', async () => {
    const file = newFile();
    const store = await openSqliteStore(file, { bytesMax: 80 * 1024 });
    store.commit(FIRST);
    let kept = 0;
    const fill = (): void => {
      for (; kept < 10_000; kept++)
        store.commit({ ...NOTHING, deliveries: [delivery(`reader-${kept}@example.org`)] });
    };
    expect(fill).toThrow(
      expect.objectContaining({
        code: 'E_STORE_FULL',
        message: `the store ${file} cannot grow: the disk is full`,
      }) as Error,
    );
    expect(kept).toBeGreaterThan(10);
    store.close();
    const again = await open(file);
    const { deliveries } = contents(again);
    expect(deliveries).toHaveLength(FIRST.deliveries.length + kept);
  });

  test.skipIf(process.platform === 'win32')(
    'at the file size limit reports E_STORE, also when it is closed and opened again in the same process',
    async () => {
      const file = newFile();
      // The file is at the limit from the start: the log can be written, but not merged into the file.
      const filled = await openSqliteStore(file, { outlives: 'process' });
      for (let n = 0; n < 2500; n++)
        filled.commit({ ...NOTHING, deliveries: [delivery(`reader-${n}@example.org`)] });
      filled.close();
      const { stdout } = await promisify(execFile)('bash', [
        '-c',
        `ulimit -f ${Math.ceil(statSync(file).size / 1024)} && exec "$@"`,
        'bash',
        process.execPath,
        '--input-type=module',
        '--eval',
        GROWS,
        file,
      ]);
      const what = `E_STORE the store ${file} cannot be read or written: the operating system reports an I/O error`;
      expect(stdout.trim().split('\n')).toEqual([
        expect.stringMatching(/^kept \d+$/),
        `commit ${what}`,
        `close ${what}`,
        `open ${what}`,
      ]);
      const kept = Number(/\d+/.exec(stdout)![0]);
      expect(kept).toBeGreaterThan(10);
      expect(contents(await open(file)).deliveries).toHaveLength(2500 + kept);
    },
  );

  test('stays small: its log is merged regularly', async () => {
    const file = newFile();
    const store = await openSqliteStore(file, { outlives: 'process' });
    for (let n = 0; n < 3000; n++) store.commit({ ...NOTHING, deliveries: [delivery('bob@example.org')] });
    expect(statSync(`${file}-wal`).size).toBeLessThan(8 * 1024 * 1024);
    store.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
  });
});

/** Opens a store for one action. */
async function withStore<T>(file: string, action: (store: Store) => T): Promise<T> {
  const store = await openSqliteStore(file);
  try {
    return action(store);
  } finally {
    store.close();
  }
}

async function written(file: string): Promise<void> {
  const store = await openSqliteStore(file);
  store.commit(FIRST);
  store.commit(SECOND);
  store.close();
}

function change(file: string, sql: string): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

/** Runs `action` as another user, because root may write everywhere. */
async function asOtherUser(action: () => Promise<void>): Promise<void> {
  const { geteuid, seteuid } = process;
  if (geteuid?.() !== 0) return action();
  chmodSync(folder, 0o755);
  seteuid!(65_534);
  try {
    await action();
  } finally {
    seteuid!(0);
  }
}
