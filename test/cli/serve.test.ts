// The live fleet as a program sees it that connects to its ports: the exact bytes, in real time.

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { RunEvent } from '../../src/events/types.js';
import { SmtpClient } from '../support/smtp-client.js';
import { type TestScreen, Workplace } from './harness.js';

const places: Workplace[] = [];
afterEach(() => places.splice(0).forEach((place) => place.remove()));

const FLEET = `
fleet:
  example.org:
    tls: true
    mailboxes:
      bob: mailbox-full
  down.example: { behaviors: [down] }
  v6.example: { hosts: [{ name: mx1, address: [v6] }] }
  broken.example: { behaviors: [{ do: tls-broken, how: refused }] }
  default: {}
`;

async function serving(
  argv: string[],
  files: Record<string, string> = {},
  printed: 'stdout' | 'stderr' = argv.includes('--json') ? 'stderr' : 'stdout',
) {
  const place = new Workplace().write(files);
  places.push(place);
  const abort = new AbortController();
  // Ports that the system picks: at addresses, two of these tests at once would meet at port 25.
  const started = place.start(['serve', '--by-port', '--verbose', ...argv], { signal: abort.signal });
  const ports: TestScreen = started[printed];
  await Promise.race([ports.until('mails real people'), started.code]);
  const portOf = (domain: string): number =>
    Number(new RegExp(`127\\.0\\.0\\.1:(\\d+) +${domain}`).exec(ports.text)?.[1]);
  const end = async (): Promise<number> => {
    abort.abort();
    return started.code;
  };
  onTestFinished(() => void end());
  return { ...started, portOf, end };
}

describe('a live fleet', () => {
  test('speaks RFC 5321 to a raw socket, and ends with 0', async () => {
    const { portOf, end, stdout } = await serving([]);
    const client = await SmtpClient.to(portOf('every other domain'));
    expect(await client.reply()).toBe('220 mx.default ESMTP\r\n');
    expect(await client.ask('EHLO client.test')).toMatch(/^250-.*\r\n(250-.*\r\n)*250 [A-Z0-9]+\r\n$/);
    expect(await client.ask('MAIL FROM:<a@client.test>')).toMatch(/^250 /);
    expect(await client.ask('RCPT TO:<b@example.net>')).toMatch(/^250 /);
    expect(await client.ask('DATA')).toMatch(/^354 /);
    expect(await client.ask('Subject: hi\r\n\r\n..dot\r\n.')).toMatch(/^250 2\.0\.0 Ok: queued as/);
    expect(await client.ask('NOSUCH')).toMatch(/^500 /);
    expect(await client.ask('RSET')).toMatch(/^250 /);
    expect(await client.ask('QUIT')).toMatch(/^221 /);
    await once(client.socket, 'close');
    await stdout.until('closed');
    expect(stdout.text).toContain('> EHLO client.test');
    expect(stdout.text).toMatch(/accepted a message of 21 bytes for b@example\.net: inbox/);
    expect(await end()).toBe(0);
    await expect(SmtpClient.to(portOf('every other domain'))).rejects.toThrow('ECONNREFUSED');
  });

  test('plays the behaviors of a file, and writes its events as NDJSON', async () => {
    const { portOf, end, stdout } = await serving(['fleet.yaml', '--json'], { 'fleet.yaml': FLEET });
    // The dialogue of swaks: greeting, EHLO, MAIL, RCPT refused, QUIT.
    const client = await SmtpClient.to(portOf('example\\.org'));
    await client.reply();
    await client.ask('EHLO swaks.test');
    await client.ask('MAIL FROM:<a@client.test>');
    expect(await client.ask('RCPT TO:<bob@example.org>')).toMatch(/^452 4\.2\.2 /);
    expect(await client.ask('QUIT')).toMatch(/^221 /);
    await stdout.until('connection.closed');
    const lines = stdout.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent & { hosts?: unknown[] });
    expect(lines[0]).toMatchObject({ type: 'fleet.opened', speed: 1 });
    const events = lines.filter(({ seq }) => seq !== undefined);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    expect(events.find((event) => event.type === 'smtp.reply' && event.stage === 'rcpt')).toMatchObject({
      code: 452,
      enhanced: '4.2.2',
    });
    expect(await end()).toBe(0);
  });

  test('plays behaviors named in the local part of an address, unless the file disables them', async () => {
    const lastReply = async (port: number, to: string): Promise<string> => {
      const client = await SmtpClient.to(port);
      await client.reply();
      await client.ask('EHLO swaks.test');
      await client.ask('MAIL FROM:<a@client.test>');
      return client.ask(`RCPT TO:<${to}>`);
    };
    const empty = await serving([]);
    const port = empty.portOf('every other domain');
    expect(await lastReply(port, 'bob+mailbox-full@any.example')).toMatch(/^452 4\.2\.2 /);
    expect(await lastReply(port, 'bob+550-5.7.1@any.example')).toMatch(/^550 5\.7\.1 /);
    expect(await lastReply(port, 'bob+newsletter@any.example')).toMatch(/^250 /);
    const files = {
      'fleet.yaml': 'fleet: { gmail.com: { profile: gmail }, off.example: { shorthand: false } }',
    };
    const { portOf } = await serving(['fleet.yaml'], files);
    expect(await lastReply(portOf('gmail\\.com'), 'bob+mailbox-full@gmail.com')).toMatch(
      /^452-4\.2\.2 The recipient's inbox/,
    );
    expect(await lastReply(portOf('off\\.example'), 'bob+mailbox-full@off.example')).toMatch(/^250 /);
  });

  test('negotiates TLS after STARTTLS', async () => {
    const { portOf, stdout } = await serving(['fleet.yaml'], { 'fleet.yaml': FLEET });
    const client = await SmtpClient.to(portOf('example\\.org'));
    await client.reply();
    expect(await client.ask('EHLO client.test')).toContain('STARTTLS');
    expect(await client.ask('STARTTLS')).toMatch(/^220 /);
    client.socket.removeAllListeners('data');
    const socket = tls.connect({ socket: client.socket, rejectUnauthorized: false });
    const secure = new SmtpClient(socket);
    await once(socket, 'secureConnect');
    expect(socket.getPeerCertificate().subject.CN).toBe('fleet.bouncelab.test');
    expect(await secure.ask('EHLO client.test')).not.toContain('STARTTLS');
    expect(await secure.ask('MAIL FROM:<a@client.test>')).toMatch(/^250 /);
    socket.destroy();
    await stdout.until('closed');
    expect(stdout.text).toContain('TLSv1.3 with a certificate that is valid');

    const broken = await SmtpClient.to(portOf('broken\\.example'));
    await broken.reply();
    await broken.ask('EHLO client.test');
    expect(await broken.ask('STARTTLS')).toMatch(/^454 4\.7\.0 /);
  });

  test('does not listen where a host is down', async () => {
    const { portOf } = await serving(['fleet.yaml'], { 'fleet.yaml': FLEET });
    await expect(SmtpClient.to(portOf('down\\.example'))).rejects.toThrow('ECONNREFUSED');
  });

  test('listens on the given ports, and reports a port in use', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as net.AddressInfo;
    const { code, stderr, stdout } = await serving(['--host-port', `default=${port}`]);
    expect(await code).toBe(2);
    expect(stdout.text).toBe('');
    expect(stderr.text).toContain(`cannot listen at 127.0.0.1:${port}: something else listens there`);
    expect(stderr.text).toContain('choose another port');
  });

  test('takes at each port recipients of its own domains only', async () => {
    const file = 'fleet: { example.org: {}, example.com: { relay: true }, default: {} }';
    const { portOf } = await serving(['fleet.yaml'], { 'fleet.yaml': file });
    const recipients = ['bob@example.org', 'bob@example.com', 'bob@unnamed.test', 'postmaster'];
    const codesAt = async (domain: string): Promise<string[]> => {
      const client = await SmtpClient.to(portOf(domain));
      await client.reply();
      for (const line of ['EHLO me.test', 'MAIL FROM:<a@b.test>']) await client.ask(line);
      const replies: string[] = [];
      for (const to of recipients) replies.push(await client.ask(`RCPT TO:<${to}>`));
      return replies.map((reply) => /^\d{3}(?: \d\.\d\.\d)?/.exec(reply)![0]);
    };
    expect(await codesAt('example.org')).toEqual(['250', '550 5.7.1', '550 5.7.1', '250']);
    expect(await codesAt('example.com')).toEqual(['250', '250', '250', '250']);
    expect(await codesAt('every other domain')).toEqual(['550 5.7.1', '550 5.7.1', '250', '250']);
  });

  test('rejects a port of an unknown domain, and an invalid file', async () => {
    const wrong = await serving(['fleet.yaml', '--host-port', 'other.example=2525'], { 'fleet.yaml': FLEET });
    expect(await wrong.code).toBe(2);
    expect(wrong.stderr.text).toContain('other.example, which is not in the fleet');
    const bad = await serving(['bad.yaml'], { 'bad.yaml': 'fleet: { example.org: { behaviors: [bussy] } }' });
    expect(await bad.code).toBe(3);
    expect(bad.stderr.text).toContain('bussy');
  });
});

describe('what it prints', () => {
  test('is how senders reach the fleet, and at the end what its servers saw', async () => {
    const { portOf, end, stdout } = await serving(['fleet.yaml', '--port', '0', '--dns', '0'], {
      'fleet.yaml': FLEET,
    });
    expect(stdout.text).toMatch(/relayhost = \[127\.0\.0\.1\]:\d+/);
    expect(stdout.text).toContain('DNS names no ports');
    expect(stdout.text).toMatch(/createTransport\(\{ host: '127\.0\.0\.1', port: \d+/);
    expect(stdout.text).toContain('mails real people');
    const client = await SmtpClient.greeted(portOf('example\\.org'));
    await client.send('bob@example.org');
    await client.send('ann@example.org');
    expect(await end()).toBe(0);
    expect(await client.reply()).toMatch(/^421 4\.3\.2 /);
    const [, summary] = stdout.text.split(/^After /m);
    expect(summary).toContain('1 session, 1 message accepted');
    expect(summary).toMatch(
      /mx\.example\.org {2}1 session {2}1 message {2}220 ×1 250 ×\d+ 354 ×1 421 ×1 452 ×1/,
    );
    expect(summary).toMatch(/bob@example\.org {2}1 attempt {2}not accepted/);
  });

  test('is little by default: no dialogue', async () => {
    const place = new Workplace();
    places.push(place);
    const abort = new AbortController();
    const { code, stdout } = place.start(['serve', '--by-port'], { signal: abort.signal });
    await stdout.until('mails real people');
    const client = await SmtpClient.greeted(Number(/127\.0\.0\.1:(\d+)/.exec(stdout.text)![1]));
    await client.send('bob@example.org');
    abort.abort();
    await code;
    expect(stdout.text).not.toContain('EHLO');
    expect(stdout.text).toContain('bob@example.org  1 attempt');
  });

  test('ends with the whole summary as one line of JSON with --json', async () => {
    const { portOf, end, stdout } = await serving(['--json']);
    const client = await SmtpClient.greeted(portOf('every other domain'));
    for (let n = 0; n < 30; n++) await client.send(`c${n}@example.org`);
    await end();
    const last = JSON.parse(stdout.text.trim().split('\n').at(-1)!) as { recipients: unknown[] };
    expect(last).toMatchObject({ type: 'fleet.closed', hosts: [{ sessions: 1, messages: 30 }] });
    expect(last.recipients).toHaveLength(30);
    expect(last.recipients[0]).toMatchObject({ address: 'c0@example.org', gaps: [], accepted: 1 });
  });
});

test('ends by itself after the time of the fleet that --for gives', async () => {
  const { code, stdout } = await serving(['--speed', '36000', '--for', '1h']);
  expect(await code).toBe(0);
  expect(stdout.text).toContain('at speed 36000, for 1h00m');
  expect(stdout.text).toMatch(/After [1-9]\d*h.*: no client connected/);
});

describe('a check', () => {
  const SCENARIO = `name: Full for an hour
fleet: { example.org: { mailboxes: { bob: mailbox-full } } }
audience: { contacts: [bob@example.org] }
mailings: [{ name: november }]
expect:
  - at: end
    november: { seen: { bob@example.org: 1 }, delivered: 0 }
`;

  async function checked(text: string, to: string, ...argv: string[]) {
    const served = await serving(['mine.yaml', '--check', ...argv], { 'mine.yaml': text });
    const client = await SmtpClient.greeted(served.portOf('example\\.org'));
    await client.send(to);
    return { ...served, code: await served.end(), place: places.at(-1)! };
  }

  test('ends with the reports and the exit code of a run', async () => {
    const { code, stdout, place } = await checked(SCENARIO, 'bob@example.org');
    expect(code).toBe(0);
    expect(stdout.text).toContain('✓ Full for an hour');
    expect(stdout.text).toContain('Not judged: 1 expectation');
    expect(stdout.text).toContain('mine.yaml:7  delivered of november: only the sender knows it');
    const run = place.lastRun();
    expect(run.scenarios[0]).toMatchObject({ status: 'passed', wire: 'live', notJudged: [{ line: 7 }] });
    const events = place.read('reports', 'latest', 'events', 'mine.ndjson');
    expect(events).toContain('"type":"run.started"');
    expect(events).toContain('RCPT TO:<bob@example.org>');
    expect(place.read('reports', 'latest', 'index.html')).toContain('Full for an hour');
    expect(place.read('reports', 'latest', 'junit.xml')).toContain('tests="1"');
  });

  test('fails with a frame of the scenario, and a command that repeats it', async () => {
    const { code, stdout } = await checked(SCENARIO, 'ann@example.org');
    expect(code).toBe(1);
    expect(stdout.text).toContain('november: { seen: { bob@example.org: 1 }');
    expect(stdout.text).toContain('bouncelab serve mine.yaml --check --seed');
  });

  test('writes only run.json to standard output with --reporter json', async () => {
    const { stdout, stderr, end, portOf } = await serving(
      ['mine.yaml', '--check', '--reporter', 'json', '--no-html'],
      { 'mine.yaml': SCENARIO },
      'stderr',
    );
    await (await SmtpClient.greeted(portOf('example\\.org'))).send('bob@example.org');
    expect(await end()).toBe(0);
    expect(JSON.parse(stdout.text)).toMatchObject({ passed: 1 });
    expect(stderr.text).toContain('After ');
  });

  test('is inconclusive when no client came, or nothing can be judged', async () => {
    const silent = await serving(['mine.yaml', '--check'], { 'mine.yaml': SCENARIO });
    expect(await silent.end()).toBe(5);
    expect(silent.stdout.text).toContain('no client came');
    const nothing = SCENARIO.replace('seen: { bob@example.org: 1 }, ', '');
    expect((await checked(nothing, 'bob@example.org')).code).toBe(5);
  });

  test('needs one valid scenario', async () => {
    const none = await serving(['--check']);
    expect(await none.code).toBe(2);
    const bad = await serving(['bad.yaml', '--check'], { 'bad.yaml': 'name: x' });
    expect(await bad.code).toBe(3);
  });
});

describe('bad usage', () => {
  test.each([
    [['--speed', '0'], 'from 1 to'],
    [['--speed', 'fast'], 'from 1 to'],
    [['--for', 'soon'], 'a duration'],
    [['--returns', '192.0.2.1:25'], 'on loopback'],
    [['--first-address', '127.9.0.1'], '--first-address is for hosts at addresses'],
    [['--listen', '127.0.0.1'], 'beyond loopback'],
    [['--listen', '0.0.0.0', '--dns', '0'], 'leave out one of them'],
    [['--smtp-port', '2525'], '--smtp-port is for hosts at addresses'],
    [['--check', '--json'], '--reporter json'],
  ])('%j', async (argv, message) => {
    const { code, stderr, stdout } = await serving(argv);
    expect(await code).toBe(2);
    expect(stderr.text).toContain(message);
    expect(stdout.text).toBe('');
  });

  test('a second fleet at the same port is told of the first', async () => {
    const { portOf } = await serving([]);
    const port = portOf('every other domain');
    const second = await serving(['--port', String(port)]);
    expect(await second.code).toBe(2);
    expect(second.stderr.text).toContain(`cannot listen at 127.0.0.1:${port}: something else listens there`);
  });
});

test('listens beyond loopback only when it is told to, with a warning', async () => {
  const { stdout, end } = await serving(['--listen', '0.0.0.0']);
  expect(stdout.text).toContain('warning: the fleet listens at 0.0.0.0');
  const port = Number(/0\.0\.0\.0:(\d+)/.exec(stdout.text)![1]);
  expect(await (await SmtpClient.to(port)).reply()).toMatch(/^220 /);
  await end();
});

test('serves a file with a fleet whatever other keys it has', async () => {
  const { portOf } = await serving(['odd.yaml'], { 'odd.yaml': 'owner: me\nfleet: { example.org: {} }\n' });
  expect(portOf('example\\.org')).toBeGreaterThan(0);
});

test('says which events of a scenario it does not play', async () => {
  const file = `name: events
fleet: { example.org: {} }
audience: { contacts: [bob@example.org] }
mailings: [{ name: november }]
events:
  - { at: 1h, opt-out: bob@example.org }
  - { at: 2h, set: example.org, behaviors: [busy] }
expect: [{ at: end, november: { recipients: 1 } }]
`;
  const { stderr, end } = await serving(['mine.yaml'], { 'mine.yaml': file });
  await stderr.until('warning: 1 event not played, since the sender would have to: opt-out\n');
  expect(await end()).toBe(0);
});
