// The library as a program uses it: real time, TCP to a server in this test, a store on disk; and the
// example of docs/library.md.

import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createSender,
  loopbackOnly,
  memoryStore,
  openSqliteStore,
  type BulkSender,
  type CreateSenderOptions,
  type RunEvent,
  type Store,
} from '../../src/index.js';
import { ManualClock } from '../support/manual-clock.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MESSAGE = { subject: 'News', text: 'Hello' };

/** A folder that is removed after the test. */
function scratch(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'bouncelab-library-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Receiver {
  port: number;
  accepted: string[];
  messages: string[];
  /** Verbs of the commands of each connection. */
  said: string[][];
}

/** @param refuse code for a recipient; undefined accepts */
async function receiver(
  refuse: (address: string) => number | undefined = () => undefined,
): Promise<Receiver> {
  const accepted: string[] = [];
  const messages: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, callback) => {
      const responseCode = refuse(address);
      callback(responseCode === undefined ? null : Object.assign(new Error('not now'), { responseCode }));
    },
    onData: (stream, session, callback) => {
      let message = '';
      stream.setEncoding('utf8').on('data', (text: string) => (message += text));
      stream.on('end', () => {
        accepted.push(session.envelope.rcptTo[0]!.address);
        messages.push(message);
        callback();
      });
    },
  });
  const said: string[][] = [];
  server.server.prependListener('connection', (socket: net.Socket) => {
    const lines: string[] = [];
    said.push(lines);
    socket.on('data', (chunk) => lines.push(...(chunk.toString().match(/^(EHLO|MAIL|QUIT)\b/gm) ?? [])));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  return { port: (server.server.address() as net.AddressInfo).port, accepted, messages, said };
}

/** Ports that lead to the receiver for every domain. */
function to({ port }: Pick<Receiver, 'port'>): CreateSenderOptions {
  return {
    resolver: {
      resolveMx: () => Promise.resolve([{ exchange: 'mx.example.org', preference: 0 }]),
      resolve4: () => Promise.resolve(['127.0.0.1']),
    },
    dialer: loopbackOnly({ dial: (address) => net.connect({ host: address, port }) }),
  };
}

describe('createSender', () => {
  test('delivers over TCP in real time and returns the figures', async () => {
    const server = await receiver((address) => (address.startsWith('ghost') ? 550 : undefined));
    const events: RunEvent[] = [];
    const sender = createSender({ ...to(server), onEvent: (event) => events.push(event) });
    for (const address of ['bob@example.org', 'ghost@example.org', 'ann@example.com'])
      expect(sender.addContact({ address })).toBe(true);
    expect(sender.addContact({ address: 'BOB@example.org' })).toBe(false);
    expect(sender.send({ name: 'news', message: MESSAGE, to: { domain: 'Example.org' } })).toBe(true);
    expect(await sender.completed('news')).toEqual({
      state: 'completed',
      recipients: 2,
      delivered: 1,
      inProgress: 0,
      bounced: { soft: 0, hard: 1 },
      unattempted: 0,
      withdrawn: 0,
      possibleDuplicates: 0,
    });
    expect([...sender.contacts()]).toEqual([
      { address: 'bob@example.org', status: 'active', softBounceStreak: 0 },
      { address: 'ghost@example.org', status: 'error', softBounceStreak: 0 },
      { address: 'ann@example.com', status: 'active', softBounceStreak: 0 },
    ]);
    expect(server.accepted).toEqual(['bob@example.org']);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    await sender.stop();
  });

  test('signs its messages and adds List-Unsubscribe', async () => {
    const server = await receiver();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const sender = createSender({
      ...to(server),
      from: 'News <news@sender.example>',
      listUnsubscribe: 'https://sender.example/leave?{{email}}',
      dkim: {
        domain: 'sender.example',
        selector: 's1',
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      },
    });
    sender.addContact({ address: 'bob@example.org' });
    sender.send({ name: 'news', message: MESSAGE });
    await sender.completed('news');
    await sender.stop();
    const [message] = server.messages;
    expect(message).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256; .*d=sender\.example;/);
    expect(message).toContain('\r\nList-Unsubscribe: <https://sender.example/leave?bob%40example.org>\r\n');
    expect(message).toContain('\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n');
  });

  test('resumes what is in its store', async () => {
    const server = await receiver((address) => (address.startsWith('full') ? 452 : undefined));
    const file = path.join(scratch(), 'mail.db');
    const first = createSender({ ...to(server), store: await openSqliteStore(file) });
    for (const address of ['bob@example.org', 'full@example.org']) first.addContact({ address });
    first.send({ name: 'news', message: MESSAGE });
    await until(() => server.accepted.length === 1 && first.waiting().length === 1);
    await first.stop();

    const events: RunEvent[] = [];
    const store = await openSqliteStore(file);
    const second = createSender({ ...to(server), store, onEvent: (event) => events.push(event) });
    expect(events).toMatchObject([{ type: 'sender.restarted', inProgress: 1, interrupted: 0, unknown: 0 }]);
    expect(second.send({ name: 'news', message: MESSAGE })).toBe(false);
    expect(second.addContact({ address: 'bob@example.org' })).toBe(false);
    expect(second.response('news')).toMatchObject({ recipients: 2, delivered: 1, inProgress: 1 });
    expect(second.waiting()[0]).toMatch(/^full@example.org in news waits for its next attempt at 29m/);
    second.optOut('full@example.org');
    expect(await second.completed('news')).toMatchObject({ withdrawn: 1, inProgress: 0 });
    expect([...second.journal('full@example.org')]).toMatchObject([
      { from: 'active', to: 'opt-out', why: 'opt-out', by: 'contact' },
    ]);
    await second.stop();
    expect(server.accepted).toEqual(['bob@example.org']);
  });

  test('re-activates in bulk, records by whom and why, and skips opt-outs', async () => {
    const store = memoryStore();
    const sender = createSender({ store });
    for (const status of ['error', 'opt-out', 'active'] as const) {
      sender.addContact({ address: `${status}@example.org`, status, softBounceStreak: 2 });
      sender.addContact({ address: `${status}@example.com`, status });
    }
    expect(sender.reactivate({ domain: 'example.org' }, { by: 'support', reason: 'new server' })).toBe(1);
    expect([...sender.journal()]).toMatchObject([
      { contact: 'error@example.org', to: 'active', why: 'reactivate', by: 'support', reason: 'new server' },
    ]);
    expect(sender.reactivate('opt-out@example.org', { by: 'support', reason: 'asked' })).toBe(0);
    expect(sender.reactivate({ addresses: ['*@example.*'] }, { by: 'support', reason: 'all' })).toBe(1);
    expect([...sender.contacts()].filter(({ status }) => status === 'opt-out')).toHaveLength(2);
    await sender.stop();
  });

  test('stops after the running attempts and begins no other', async () => {
    let release: (() => void) | undefined;
    const accepted: string[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData: (stream, session, callback) => {
        stream.on('end', () => {
          accepted.push(session.envelope.rcptTo[0]!.address);
          release = () => callback();
        });
        stream.resume();
      },
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
    onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
    const { port } = server.server.address() as net.AddressInfo;
    const store = memoryStore();
    const sender = createSender({ ...to({ port }), store, limits: { connectionsMax: 1 } });
    for (const address of ['bob@example.org', 'ann@example.org']) sender.addContact({ address });
    sender.send({ name: 'news', message: MESSAGE });
    await until(() => release !== undefined);
    const stopped = sender.stop();
    release!();
    await stopped;
    expect(accepted).toHaveLength(1);
    const states = [...store.load().deliveries].map(({ state, running }) => [state, running]);
    expect(states).toEqual([
      ['delivered', undefined],
      ['queued', undefined],
    ]);
  });

  test('stops at once when no attempt is running, with QUIT on idle connections', async () => {
    const server = await receiver();
    const sender = createSender({ ...to(server), limits: { idleMs: 600_000 } });
    for (const address of ['bob@example.org', 'ann@example.com']) sender.addContact({ address });
    sender.send({ name: 'news', message: MESSAGE });
    await sender.completed('news');
    await sender.stop();
    expect(server.said).toEqual([
      ['EHLO', 'MAIL', 'QUIT'],
      ['EHLO', 'MAIL', 'QUIT'],
    ]);
  });

  test('does nothing more once its store has failed', async () => {
    const server = await receiver();
    const store = memoryStore();
    let commits = 0;
    const failing: Store = {
      ...store,
      commit: (change) => {
        // The third commit of the mailing records the final dot of the first message.
        if (++commits > 5) throw new Error('no room');
        store.commit(change);
      },
      close: () => {
        throw new Error('no room');
      },
    };
    let first!: BulkSender;
    const failed = new Promise<Error>((resolve) => {
      const sender = createSender({ ...to(server), store: failing, onFailure: resolve });
      first = sender;
      for (const address of ['bob@example.org', 'ann@example.org']) sender.addContact({ address });
      sender.send({ name: 'news', message: MESSAGE });
    });
    await expect(failed).resolves.toMatchObject({ code: 'E_STORE', message: 'the store failed: no room' });
    // The failure was reported to onFailure; stop does not throw it again.
    await first.stop();
    const second = createSender({ ...to(server), store });
    expect(await second.completed('news')).toMatchObject({ delivered: 2, possibleDuplicates: 0 });
    expect(server.accepted.sort()).toEqual(['ann@example.org', 'bob@example.org']);
    await second.stop();
  });

  test('waits for nothing when it is stopped after its store has failed', async () => {
    const store = memoryStore();
    let isFull = false;
    const clock = new ManualClock();
    const sender = createSender({
      clock,
      // DNS never answers.
      resolver: { resolveMx: () => new Promise(() => undefined), resolve4: () => Promise.resolve([]) },
      store: {
        ...store,
        commit: (change) => {
          if (isFull) throw new Error('no room');
          store.commit(change);
        },
      },
      onFailure: () => undefined,
    });
    sender.addContact({ address: 'bob@example.org' });
    sender.send({ name: 'news', message: MESSAGE });
    clock.to(1);
    expect(sender.waiting()).toEqual(['bob@example.org in news waits for DNS of example.org']);
    const completed = [sender.completed('news'), sender.completed('news')];
    isFull = true;
    expect(() => sender.addContact({ address: 'ann@example.org' })).toThrow('no room');
    for (const promise of [...completed, sender.completed('news')])
      await expect(promise).rejects.toThrow('no room');
    await sender.stop();
    expect(clock.now()).toBe(1);
    await expect(sender.completed('news')).rejects.toThrow('no room');
  });

  test('rejects calls of completed with E_STOPPED when it is stopped', async () => {
    const clock = new ManualClock();
    const down = Object.assign(new Error('down'), { code: 'ESERVFAIL' });
    const sender = createSender({
      clock,
      resolver: { resolveMx: () => Promise.reject(down), resolve4: () => Promise.reject(down) },
    });
    sender.addContact({ address: 'bob@example.org' });
    sender.send({ name: 'news', message: MESSAGE });
    const before = sender.completed('news');
    clock.to(1);
    await sender.stop();
    const stopped = { code: 'E_STOPPED', message: 'the sender was stopped before the mailing was completed' };
    await expect(before).rejects.toMatchObject(stopped);
    await expect(sender.completed('news')).rejects.toMatchObject(stopped);
    expect(sender.response('news')).toMatchObject({ state: 'in-progress', inProgress: 1 });
  });

  test.each([
    [() => createSender({ policy: 'ema' }), 'E_USAGE', 'unknown policy `ema`'],
    [
      () => createSender({ dkim: { domain: 'a.test', selector: 's1', privateKey: 'secret' } }),
      'E_USAGE',
      'the DKIM key of s1._domainkey.a.test cannot sign',
    ],
    [
      () => createSender({ listUnsubscribe: 'leave@a.test' }),
      'E_USAGE',
      '`leave@a.test` is not an address for List-Unsubscribe',
    ],
    [() => createSender().addContact({ address: 'bob' }), 'E_USAGE', '`bob` is not an address'],
    [
      () => createSender().send({ name: 'No vember', message: MESSAGE }),
      'E_USAGE',
      '`No vember` cannot be the name of a mailing',
    ],
  ])('refuses invalid input: $2', (what, code, message) => {
    expect(what).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error,
    );
  });
});

test('the example of docs/library.md runs', async () => {
  const server = await receiver();
  const folder = scratch();
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(ROOT, path.join(folder, 'node_modules', 'bouncelab'), 'dir');
  const page = readFileSync(path.join(ROOT, 'docs', 'library.md'), 'utf8');
  const [first, second] = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!);
  // Adds the ports of the second example to the first one, so that the test sends no real mail.
  const ports = /createSender\(\{\n(.*)\}\);/s.exec(second!)![1]!.replace('2525', String(server.port));
  const program = first!
    .replace('{ createSender,', '{ createSender, loopbackOnly,')
    .replace('createSender({\n', `createSender({\n${ports}`);
  writeFileSync(path.join(folder, 'example.mjs'), `import net from 'node:net';\n${program}`);
  const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: folder });
  expect(stdout).toContain('bob@example.org accepted');
  expect(stdout).toContain('delivered: 2');
  expect(server.accepted.sort()).toEqual(['bob@example.org', 'carol@example.org']);
  // Again on the same store: nothing is sent twice.
  const again = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: folder });
  expect(again.stdout).not.toContain('accepted');
  expect(again.stdout).toContain('delivered: 2');
  expect(server.accepted).toHaveLength(2);
});

/** Waits for the other end of a connection. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
