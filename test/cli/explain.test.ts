// `explain` and `show-report`, run inside the test process.

import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { displayWidth } from '../../src/reporters/terminal/layout.js';
import { sparkline } from '../../src/reporters/terminal/sparkline.js';
import { runScenario } from '../../src/runner/run.js';
import { loadScenario } from '../../src/scenarios/load.js';
import { main } from '../../src/cli/program.js';
import { PassThrough } from 'node:stream';
import { tmpdir } from 'node:os';
import { TestScreen } from './harness.js';

const SCENARIO = `name: A full mailbox
fleet:
  example.org: { mailboxes: { bob: mailbox-full } }
audience:
  contacts: [bob@example.org, "ann@example.org"]
mailings:
  - name: november
expect:
  - at: end
    november: { recipients: 2 }
`;

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bouncelab-explain-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'full.yaml'), SCENARIO);
  return dir;
}

interface Ran {
  code: number;
  out: string;
  err: string;
}

async function cli(cwd: string, args: string[], columns = 120): Promise<Ran> {
  const stdout = new TestScreen({ columns });
  const stderr = new TestScreen({ columns });
  const { signal } = new AbortController();
  const code = await main(args, { cwd, env: {}, stdout, stderr, stdin: new PassThrough(), signal });
  return { code, out: stdout.text, err: stderr.text };
}

test.each([60, 120])('explain fits the history of a contact into %i columns', async (columns) => {
  const { code, out } = await cli(folder(), ['explain', 'full.yaml', 'Bob@example.org'], columns);
  expect(code).toBe(0);
  for (const line of out.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
  const words = out.replaceAll(/\s+/g, ' ');
  expect(words).toContain('november: soft-bounced at 1h30m05s (budget spent), 4 attempts');
  expect(words).toContain('> RCPT TO:<bob@example.org>');
  expect(words).toContain('< 452 4.2.2');
  expect(words).toContain('Answers with 4xx so far: 4 of 4.');
  expect(words).toContain('Rule 6, giving up');
  expect(words).toContain('At the end: active, soft-bounce streak 1.');
});

test('explain suggests a similar address for an unknown one', async () => {
  const { code, err } = await cli(folder(), ['explain', 'full.yaml', 'bop@example.org']);
  expect(code).toBe(2);
  expect(err).toContain('`bop@example.org` is not a contact of');
  expect(err).toContain('did you mean `bob@example.org`?');
});

test('explain suggests a similar name for an unknown mailing', async () => {
  const { code, err } = await cli(folder(), [
    'explain',
    'full.yaml',
    'bob@example.org',
    '--mailing',
    'novembre',
  ]);
  expect(code).toBe(2);
  expect(err).toContain('november');
});

test('explain reads the events of a run, and names the line of damaged ones', async () => {
  const cwd = folder();
  const { plan } = loadScenario('full.yaml', { cwd });
  const events = join(cwd, 'reports', '20261123-094512-ab12cd', 'events');
  mkdirSync(events, { recursive: true });
  await runScenario(plan!, { eventsFile: join(events, 'full.ndjson') });
  const args = ['explain', 'full.yaml', 'bob@example.org', '--run', '20261123-094512-ab12cd'];
  const played = await cli(cwd, args.slice(0, 3));
  const read = await cli(cwd, args);
  expect(read.code).toBe(0);
  expect(read.out).toBe(played.out);

  const file = join(events, readdirSync(events)[0]!);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, 2000));
  const cut = await cli(cwd, args);
  expect(cut.code).toBe(3);
  expect(cut.err).toMatch(/full\.ndjson:\d+: the last line is cut off/);

  writeFileSync(file, text.replace('"format":1', '"format":9'));
  expect((await cli(cwd, args)).err).toMatch(/full\.ndjson:1: it is of event format 9/);

  rmSync(file);
  mkdirSync(file);
  const unreadable = await cli(cwd, args);
  expect(unreadable.code).toBe(3);
  expect(unreadable.err).toContain('full.ndjson cannot be read: it is a folder');
});

test('explain of a run does not read the audience again', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'list.csv'), 'address\nbob@example.org\nann@example.org\n');
  const text = SCENARIO.replace(/contacts: .*/, 'file: list.csv');
  writeFileSync(join(cwd, 'full.yaml'), text);
  expect((await cli(cwd, ['run', 'full.yaml', '--workers', '1'])).code).toBe(0);
  const args = ['explain', 'full.yaml', 'bob@example.org'];
  const before = await cli(cwd, args);
  rmSync(join(cwd, 'list.csv'));
  expect((await cli(cwd, args)).code).toBe(3);
  expect(await cli(cwd, [...args, '--last'])).toEqual(before);
});

const RUN = '20261123-094512-ab12cd';

describe.each([
  ['explain', ['explain', 'full.yaml', 'bob@example.org', '--run']],
  ['show-report', ['show-report']],
])('%s of a run', (_command, args) => {
  test.each([
    ['latest', 'there is no last run in reports', '--output names another folder'],
    ['../escape', 'there is no run `../escape` in reports', '--output names another folder'],
    ['20261123-094512-ab12ce', 'there is no run `20261123-094512-ab12ce`', `did you mean \`${RUN}\`?`],
  ])('reports an unknown run: %s', async (run, message, hint) => {
    const cwd = folder();
    mkdirSync(join(cwd, 'reports', RUN), { recursive: true });
    mkdirSync(join(cwd, 'escape'));
    const { code, err } = await cli(cwd, [...args, run]);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain(hint);
  });
});

test('show-report reports that a killed run has no page', async () => {
  const cwd = folder();
  mkdirSync(join(cwd, 'reports', RUN, 'events'), { recursive: true });
  const { code, err } = await cli(cwd, ['show-report', RUN]);
  expect(code).toBe(2);
  expect(err).toContain(`the run \`${RUN}\` has no page`);
  expect(err).toContain('or was killed');
});

test('show-report reports a port in use', async () => {
  const cwd = folder();
  mkdirSync(join(cwd, 'reports', RUN), { recursive: true });
  writeFileSync(join(cwd, 'reports', RUN, 'index.html'), '');
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const { code, err } = await cli(cwd, ['show-report', RUN, '--port', String(port)]);
  expect(code).toBe(2);
  expect(err).toContain(`cannot serve on port ${port}: something else listens there`);
  expect(err).toContain('without --port, a free port is used');
});

/** GET of a path exactly as it is written: `fetch` would resolve the dots in it. */
async function rawGet(url: string, path: string): Promise<{ status: number; text: string }> {
  const [response] = (await once(get(url, { path }), 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode!, text };
}

test('a run.json that is damaged is shown with its place', async () => {
  const cwd = folder();
  mkdirSync(join(cwd, 'reports', RUN), { recursive: true });
  writeFileSync(join(cwd, 'reports', RUN, 'index.html'), '');
  writeFileSync(join(cwd, 'reports', RUN, 'run.json'), '{"scenarios": null}');
  const { code, err } = await cli(cwd, ['show-report', RUN]);
  expect(code).toBe(3);
  expect(err).toContain(`reports/${RUN}/run.json:1:15: the file is damaged`);
});

test('a link to a folder elsewhere is no run', async () => {
  const cwd = folder();
  mkdirSync(join(cwd, 'reports'));
  mkdirSync(join(cwd, 'elsewhere'));
  writeFileSync(join(cwd, 'elsewhere', 'index.html'), '');
  symlinkSync(join(cwd, 'elsewhere'), join(cwd, 'reports', RUN));
  symlinkSync(join(cwd, 'elsewhere'), join(cwd, 'reports', 'latest'));
  expect((await cli(cwd, ['show-report', RUN])).code).toBe(2);
  const latest = await cli(cwd, ['show-report', 'latest']);
  expect(latest.code).toBe(3);
  expect(latest.err).toContain('latest:1:1: the file is damaged: it is a link to something else');
});

test('show-report serves the page of a run on loopback, to loopback host names only', async () => {
  const cwd = folder();
  const dir = join(cwd, 'reports', '20261123-094512-ab12cd');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'index.html'), '<!doctype html><title>run</title>');
  mkdirSync(join(dir, 'events'));
  writeFileSync(join(dir, 'events', 'a.ndjson'), 'event');
  writeFileSync(join(dir, 'events', 'notes.txt'), 'not yours');
  writeFileSync(join(cwd, 'secret.ndjson'), 'not yours');
  symlinkSync(join(cwd, 'secret.ndjson'), join(dir, 'events', 'link.ndjson'));
  symlinkSync(cwd, join(dir, 'run.json.d'));
  symlinkSync(join(cwd, 'secret.ndjson'), join(dir, 'junit.xml'));
  const stdout = new TestScreen();
  const stop = new AbortController();
  const io = {
    cwd,
    env: {},
    stdout,
    stderr: new TestScreen(),
    stdin: new PassThrough(),
    signal: stop.signal,
  };
  const ended = main(['show-report', '20261123-094512-ab12cd'], io);
  await stdout.until('/\n');
  const url = stdout.text.trim();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await (await fetch(url)).text()).toContain('<title>run</title>');
  expect(await (await fetch(`${url}events/a.ndjson`)).text()).toBe('event');
  for (const path of [
    '../../secret.ndjson',
    '..%2f..%2fsecret.ndjson',
    '%2e%2e/%2e%2e/secret.ndjson',
    'events/..%2f..%2f..%2fsecret.ndjson',
    'events/%2e%2e%5c%2e%2e%5csecret.ndjson',
    'events/link.ndjson',
    'events/notes.txt',
    'events/',
    'run.json.d/secret.ndjson',
    'junit.xml',
    '/etc/passwd',
    '%00',
    '%',
  ]) {
    const { status, text } = await rawGet(url, `/${path}`);
    expect(status, path).toBeGreaterThanOrEqual(400);
    expect(text).not.toContain('not yours');
  }
  stop.abort();
  expect(await ended).toBe(0);
});

test('a sparkline shows the highest level of each step', () => {
  expect(sparkline([0, 10, 20, 40], [8, 4, 2, 0], 4)).toBe('█▄▂▂');
  expect(sparkline([], [], 4)).toBe('');
});

const SHARED = SCENARIO.replace(
  /^fleet:\n(?: .*\n)+/m,
  'sites: { shared: { domains: [example.org, b.example, c.example], behaviors: [{ do: down, until: 20m }] } }\n',
);

test.each([
  ['emma', 'one destination, with common connections and limits', true],
  ['{ destination: { by: domain } }', 'the policy keeps each domain apart', false],
])('explain names the site of a contact and its other domains under %s', async (policy, how, isShared) => {
  const cwd = folder();
  writeFileSync(
    join(cwd, 'shared.yaml'),
    `${SHARED.replace(/^policy:.*\n/m, '')}policy: ${policy === 'emma' ? policy : '{ name: apart, destination: { by: domain } }'}\n`,
  );
  const { code, out } = await cli(cwd, ['explain', 'shared.yaml', 'bob@example.org'], 200);
  expect(code).toBe(0);
  expect(out).toContain(`site shared: its hosts also receive for b.example, c.example; ${how}`);
  expect(out.includes('may have been opened for another domain of the site shared')).toBe(isShared);
});

test.each(['bob@bücher.example', 'BOB@xn--bcher-kva.example'])(
  'explain finds a contact as %s and shows it as written',
  async (address) => {
    const cwd = folder();
    writeFileSync(join(cwd, 'idn.yaml'), SCENARIO.replaceAll('example.org', 'bücher.example'));
    const { code, out } = await cli(cwd, ['explain', 'idn.yaml', address]);
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toBe('bob@bücher.example');
    expect(out).toContain('> RCPT TO:<bob@xn--bcher-kva.example>');
  },
);
