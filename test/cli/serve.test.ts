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

async function serving(argv: string[], files: Record<string, string> = {}) {
  const place = new Workplace().write(files);
  places.push(place);
  const abort = new AbortController();
  // Ports that the system picks: at addresses, two of these tests at once would meet at port 25.
  const started = place.start(['serve', '--by-port', '--verbose', ...argv], { signal: abort.signal });
  const ports: TestScreen = argv.includes('--json') ? started.stderr : started.stdout;
  await Promise.race([ports.until('Press Ctrl-C to stop.'), started.code]);
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
