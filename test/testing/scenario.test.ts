// Scenarios that programs load and play: files, text and objects, several at once, and everything that can be wrong
// with what they give.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import {
  BouncelabError,
  InvalidInputError,
  loadScenario,
  parseEvents,
  playScenario,
  type PlayOptions,
} from '../../src/index.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(path.join(tmpdir(), 'bouncelab-programs-'));
afterAll(() => rmSync(dir, { recursive: true }));

const TEXT = `name: two contacts
seed: 7
fleet: { example.org: { mailboxes: { bob: mailbox-full, carol: nonexistent-user } } }
audience: { contacts: [bob@example.org, carol@example.org, dave@example.org] }
mailings: [{ name: november }]
expect:
  - at: end
    november: { delivered: 1, bounced: { soft: 1, hard: 1 } }
`;
const OBJECT = {
  name: 'two contacts',
  seed: 7,
  fleet: { 'example.org': { mailboxes: { bob: 'mailbox-full', carol: 'nonexistent-user' } } },
  audience: { contacts: ['bob@example.org', 'carol@example.org', 'dave@example.org'] },
  mailings: [{ name: 'november' }],
  expect: [{ at: 'end', november: { delivered: 1, bounced: { soft: 1, hard: 1 } } }],
};
const file = path.join(dir, 'inline.yaml');
writeFileSync(file, TEXT);

/** What an act throws. */
async function thrownBy(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
}

describe('a scenario', () => {
  test('is the same from a file, a URL, text and an object', async () => {
    const inputs = [file, 'inline.yaml', pathToFileURL(file), TEXT, OBJECT];
    const runs = await Promise.all(inputs.map((input) => playScenario(input, { cwd: dir })));
    expect(runs.map(({ status }) => status)).toEqual(inputs.map(() => 'passed'));
    expect(new Set(runs.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  });

  test('is loaded once and played several times at once, as the command line plays it', async () => {
    const scenario = loadScenario('scenarios/mailboxes/greylisting.yaml', { cwd: ROOT });
    expect(scenario).toMatchObject({ name: 'Greylisting costs one retry', policy: 'emma' });
    const runs = await Promise.all([1, 2, 3].map(() => playScenario(scenario)));
    const recorded = readFileSync(path.join(ROOT, 'test/fingerprints.txt'), 'utf8');
    for (const { fingerprint } of runs) expect(recorded).toContain(fingerprint);
  });

  test('says what happened to each contact, and when servers saw it', async () => {
    const run = await playScenario(TEXT);
    expect(run).toMatchObject({
      status: 'passed',
      failures: [],
      statuses: { active: 2, error: 1, optOut: 0 },
    });
    expect(run.mailings.november).toMatchObject({ delivered: 1, bounced: { soft: 1, hard: 1 } });
    expect(['bob', 'carol', 'dave', 'eve'].map((name) => run.delivery(`${name}@example.org`))).toEqual([
      'soft-bounced',
      'hard-bounced',
      'delivered',
      undefined,
    ]);
    expect(run.contact('Carol@Example.org')).toMatchObject({ status: 'error' });
    expect(run.contact('eve@example.org')).toBeUndefined();
    const [first, ...rest] = run.seen('bob@example.org');
    expect(rest.map((time) => (time - first!) / 60_000)).toEqual([30, 60, 90]);
    expect(run.seen('bob@example.org', { mailing: 'november' })).toEqual([first, ...rest]);
    expect(run.attempts('dave@example.org')).toHaveLength(1);
    expect(run.seen('eve@example.org')).toEqual([]);
  });

  test('has its events, in memory or in a file', async () => {
    const eventsFile = path.join(dir, 'events.ndjson');
    const [inMemory, inFile] = await Promise.all([playScenario(TEXT), playScenario(TEXT, { eventsFile })]);
    const events = [...inMemory.events];
    expect(events.at(-1)).toMatchObject({ type: 'run.ended', reason: 'idle' });
    expect([...inFile.events]).toEqual(events);
    expect(parseEvents(readFileSync(eventsFile, 'utf8'), 'events.ndjson')).toEqual(events);
  });

  test('that does not hold has its failures with their places', async () => {
    const run = await playScenario(TEXT.replace('delivered: 1', 'delivered: 2'));
    expect(run.status).toBe('failed');
    expect(run.failures).toMatchObject([
      { file: 'inline.yaml', line: 8, column: 28, expected: '2', actual: '1' },
    ]);
    expect(String(run)).toContain('^ expected 2, found 1');
  });

  test('takes another policy and another seed', async () => {
    const { policy } = loadScenario(TEXT).plan;
    const once = { ...policy, name: 'once', retry: { ...policy.retry, windowMs: 0 } };
    const [named, given, seeded] = await Promise.all([
      playScenario(TEXT, { policy: 'four-attempts' }),
      playScenario(TEXT, { policy: once }),
      playScenario(TEXT, { seed: 8 }),
    ]);
    expect(named.policy).toBe('four-attempts');
    expect(given.policy).toBe('once');
    expect(given.seen('bob@example.org')).toHaveLength(1);
    expect(seeded.seed).toBe('8');
  });

  test('that another sender cannot play is skipped', async () => {
    const automated = {
      ...OBJECT,
      mailings: [{ name: 'november', kind: 'automated', every: '1d', count: 2 }],
    };
    const run = await playScenario(automated, { sender: 'examples/naive-sender.js', cwd: ROOT });
    expect(run).toMatchObject({
      status: 'skipped',
      result: { reason: expect.stringContaining('automated') as string },
    });
  });

  test('plays an external sender, in TypeScript too', async () => {
    const sender = 'examples/own-sender.ts';
    const run = await playScenario(TEXT, { sender, cwd: ROOT, checkDeterminism: true });
    expect(String(run)).toBe('');
    expect(run.seen('bob@example.org')).toHaveLength(4);
  });
});

describe('a scenario that is not valid', () => {
  test('has all of its problems and their places', async () => {
    const bad = TEXT.replace('mailbox-full', 'mailbox-ful').replace('delivered:', 'delivred:');
    const error = (await thrownBy(() => loadScenario(bad))) as InvalidInputError;
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ code: 'E_SCENARIO', exitCode: 3 });
    expect(error.problems).toMatchObject([
      { file: 'inline.yaml', line: 3, column: 43 },
      { file: 'inline.yaml', line: 8, column: 17 },
    ]);
    expect(error.message).toContain('> 3 | fleet:');
    expect(await thrownBy(() => playScenario(bad))).toBeInstanceOf(InvalidInputError);
  });

  test('names the file that text is taken for, and finds paths beside it', async () => {
    const error = await thrownBy(() => loadScenario('a: [\n', { file: 'sub/mine.yaml', cwd: dir }));
    expect((error as InvalidInputError).problems[0]).toMatchObject({ file: 'sub/mine.yaml', line: 1 });
    writeFileSync(path.join(dir, 'people.csv'), 'email\nbob@example.org\n');
    const people = {
      ...OBJECT,
      audience: { file: 'people.csv' },
      expect: [{ at: 'end', statuses: { active: 1 } }],
    };
    expect(loadScenario(people, { cwd: dir }).plan.contacts).toHaveLength(1);
  });

  const loop: Record<string, unknown> = {};
  loop.self = loop;
  test.each<[string, () => unknown, string, RegExp]>([
    ['no file', () => loadScenario('gone.yaml'), 'E_NOT_FOUND', /no file `gone.yaml`/],
    ['a number', () => loadScenario(5 as never), 'E_USAGE', /found `5`/],
    ['nothing', () => loadScenario(undefined as never), 'E_USAGE', /found nothing/],
    ['an empty text', () => loadScenario(''), 'E_USAGE', /found an empty text/],
    ['a list', () => loadScenario([]), 'E_USAGE', /found an empty list/],
    ['another URL', () => loadScenario(new URL('https://example.org/a.yaml')), 'E_USAGE', /https:/],
    ['an object in itself', () => loadScenario(loop), 'E_USAGE', /contains itself/],
    ['a wire', () => loadScenario(TEXT, { wire: 'udp' as never }), 'E_USAGE', /`wire` cannot be `udp`/],
    ['no time', () => playScenario(TEXT, { timeoutMs: 0 }), 'E_USAGE', /above 0/],
    [
      'an option of loading',
      () => playScenario(loadScenario(TEXT), { seed: 8 }),
      'E_USAGE',
      /`seed` is an option of loading/,
    ],
    ['no such option', () => playScenario(TEXT, { timeout: 5 } as never), 'E_USAGE', /no option `timeout`/],
    [
      'no such option of loading',
      () => loadScenario(TEXT, { signal: 5 } as never),
      'E_USAGE',
      /no option `signal`/,
    ],
    [
      'options in words',
      () => playScenario(TEXT, 'emma' as never),
      'E_USAGE',
      /must be an object, found `emma`/,
    ],
    ['no policy', () => loadScenario(TEXT, { policy: 'emmma' }), 'E_SCENARIO', /unknown policy/],
    ['no module', () => loadScenario(TEXT, { sender: 'gone.ts' }), 'E_SCENARIO', /no such file/],
  ])('or cannot be one: %s', async (_, act, code, message) => {
    const error = await thrownBy(act);
    expect(error).toBeInstanceOf(BouncelabError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test('has no such mailing', async () => {
    const run = await playScenario(TEXT);
    expect(() => run.seen('bob@example.org', { mailing: 'december' })).toThrow('has no mailing `december`');
    expect(() => run.delivery('bob@example.org', { mailing: 'december' })).toThrow(BouncelabError);
  });
});

describe('a signal', () => {
  const ENDLESS = { ...OBJECT, mailings: [{ name: 'november' }] };
  const play = (options: PlayOptions): Promise<unknown> => thrownBy(() => playScenario(ENDLESS, options));

  test('that was given before keeps a run from starting', async () => {
    const error = await play({ signal: AbortSignal.abort('why') });
    expect(error).toMatchObject({ code: 'E_STOPPED', cause: 'why' });
  });

  test('ends a run that goes on, and one that waits, and no other', async () => {
    const sender = path.join(dir, 'busy.mjs');
    const started = path.join(dir, 'started.txt');
    writeFileSync(
      sender,
      `import { writeFileSync } from 'node:fs';
export const createSender = () => ({ send() { writeFileSync(${JSON.stringify(started)}, ''); for (;;) {} } });`,
    );
    const abort = new AbortController();
    const { signal } = abort;
    // More than there are cores: some of them wait for their turn.
    const ended = Array.from({ length: 40 }, () => play({ signal, sender, cwd: ROOT, log: () => {} }));
    await expect.poll(() => readable(started), { timeout: 20_000 }).toBe(true);
    const other = playScenario(TEXT);
    abort.abort();
    for (const error of await Promise.all(ended)) expect(error).toMatchObject({ code: 'E_STOPPED' });
    expect(await other).toMatchObject({ status: 'passed' });
  });
});

function readable(name: string): boolean {
  try {
    return readFileSync(name).length === 0;
  } catch {
    return false;
  }
}
