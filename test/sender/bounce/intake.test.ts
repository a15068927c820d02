// The listener of the return-path domain over TCP: what it accepts and refuses, and a bounce message from
// another server to the response of the mailing.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BulkSender } from '../../../src/sender/bulk-sender.js';
import { createSender } from '../../../src/sender/create-sender.js';
import type { BouncelabError } from '../../../src/base/errors.js';
import type { RunEvent } from '../../../src/events/types.js';
import { Intake } from '../../../src/sender/bounce/intake.js';
import { openSqliteStore } from '../../../src/sender/store/sqlite/sqlite.js';
import { systemInlet } from '../../../src/sender/system/inlet.js';
import { bounce } from '../../../src/simulator/behaviors/return-later.js';
import { composeReturn } from '../../../src/simulator/returns/report-message.js';
import { dialogue } from '../../support/tcp-dialogue.js';

const DOMAIN = 'return.test';

interface Received {
  to: string;
  bytes: number;
}

async function intake(received: (to: string, message: Uint8Array) => Promise<void>): Promise<number> {
  return new Promise((listening) => {
    const inlet = systemInlet({ port: 0, onListening: listening });
    const broken = (): void => undefined;
    const opened = new Intake({ domain: DOMAIN, inlet, received, broken });
    onTestFinished(() => opened.close());
  });
}

describe('the listener', () => {
  test.each([
    'postmaster',
    'Postmaster',
    `postmaster@${DOMAIN}`,
    `POSTMASTER@${DOMAIN.toUpperCase()}`,
    `"postmaster"@${DOMAIN}`,
  ])('accepts mail to %s', async (postmaster) => {
    const came: string[] = [];
    const port = await intake((to) => {
      came.push(to);
      return Promise.resolve();
    });
    const lines = [
      'EHLO mx.example.org',
      'MAIL FROM:<>',
      `RCPT TO:<${postmaster}>`,
      'DATA',
      'Subject: hi\r\n\r\nthere\r\n.',
    ];
    const replies = await dialogue(port, ...lines);
    expect(replies.slice(2).map((reply) => reply.slice(0, 3))).toEqual(['250', '354', '250']);
    expect(came).toHaveLength(1);
  });

  test.each([
    'postmaster@elsewhere.test',
    'postmaster2',
    `"post master"@${DOMAIN}`,
    '"open@return.test',
    'abuse',
  ])('refuses %s', async (address) => {
    const port = await intake(() => Promise.resolve());
    const replies = await dialogue(port, 'EHLO mx.example.org', 'MAIL FROM:<>', `RCPT TO:<${address}>`);
    expect(replies[2]).toMatch(/^5/);
  });

  test('accepts mail for return paths only', async () => {
    const came: Received[] = [];
    const port = await intake((to, message) => {
      came.push({ to, bytes: message.length });
      return Promise.resolve();
    });
    const replies = await dialogue(
      port,
      'EHLO mx.example.org',
      'MAIL FROM:<>',
      `RCPT TO:<somebody@${DOMAIN}>`,
      'RCPT TO:<bounce+a+b=c+d@elsewhere.test>',
      `RCPT TO:<bounce+a+b=c+d@${DOMAIN}>`,
      `RCPT TO:<BOUNCE+A+B=E+D@RETURN.TEST>`,
      'DATA',
      'Subject: hi\r\n\r\nthere\r\n.',
      'MAIL FROM:<>',
      'DATA',
    );
    expect(replies.slice(2).map((reply) => reply.slice(0, 9))).toEqual([
      '550 5.1.1',
      '550 5.7.1',
      '250 Accep',
      '250 Accep',
      '354 End d',
      '250 2.0.0',
      '250 Accep',
      expect.stringMatching(/^503/),
    ]);
    expect(replies[0]).not.toMatch(/STARTTLS|AUTH/);
    expect(came.map(({ to }) => to.toLowerCase())).toEqual([
      `bounce+a+b=c+d@${DOMAIN}`,
      `bounce+a+b=e+d@${DOMAIN}`,
    ]);
    expect(came.map(({ bytes }) => bytes)).toEqual([22, 22]);
  });

  test('parses the beginning of a huge message, and replies 451 when the result cannot be stored', async () => {
    const sizes: number[] = [];
    const port = await intake((_, message) => {
      sizes.push(message.length);
      return Promise.reject(new Error('the disk is full'));
    });
    const line = `${'x'.repeat(998)}\r\n`;
    const replies = await dialogue(
      port,
      'EHLO mx.example.org',
      'MAIL FROM:<>',
      `RCPT TO:<bounce+a+b=c+d@${DOMAIN}>`,
      'DATA',
      `${line.repeat(5000)}.`,
    );
    expect(replies.at(-1)).toBe('451 4.3.0 Try again later');
    expect(sizes).toHaveLength(1);
    expect(sizes[0]).toBeGreaterThan(1024 * 1024 - 1);
    expect(sizes[0]).toBeLessThan(2 * 1024 * 1024);
  });

  test('survives clients that send garbage or disconnect', async () => {
    const port = await intake(() => Promise.resolve());
    for (const noise of ['\0\0\0\r\n', 'EHLO x\r\nMAIL FROM:<>\r\nDATA\r\n', `${'y'.repeat(100_000)}\r\n`]) {
      const socket = net.connect(port, '127.0.0.1');
      await once(socket, 'data');
      socket.write(noise);
      await once(socket, 'data');
      socket.resetAndDestroy();
    }
    expect(await dialogue(port, 'EHLO mx.example.org', 'MAIL FROM:<>')).toHaveLength(2);
  });

  test('sends 421 on open connections when the sender stops', async () => {
    let listens: (port: number) => void;
    const listening = new Promise<number>((resolve) => (listens = resolve));
    const sender = createSender({ inlet: systemInlet({ port: 0, onListening: (port) => listens(port) }) });
    const socket = net.connect(await listening, '127.0.0.1');
    await once(socket, 'data');
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString()));
    const closed = once(socket, 'close');
    await sender.stop();
    await closed;
    expect(heard).toBe('421 4.3.2 Shutting down\r\n');
  });

  test('reports a port that is in use', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as net.AddressInfo;
    const error = await new Promise<BouncelabError>((onError) => {
      systemInlet({ port, onError }).open(DOMAIN, () => undefined);
    });
    expect(error).toMatchObject({ code: 'E_USAGE', hint: 'Choose another port.' });
    expect(error.message).toContain(`for ${DOMAIN} at 127.0.0.1:${port}`);
  });
});

test('a bounce message over TCP and in real time counts once in the response, also after a restart', async () => {
  const returnPaths: string[] = [];
  const mx = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData(stream, { envelope }, done) {
      returnPaths.push(envelope.mailFrom ? envelope.mailFrom.address : '');
      stream.resume().once('end', () => done());
    },
  });
  const listening = once(mx.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => mx.close());
  await listening;
  const mxPort = (mx.server.address() as net.AddressInfo).port;

  const folder = mkdtempSync(path.join(tmpdir(), 'bouncelab-intake-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const events: RunEvent[] = [];
  const start = async () => {
    let opened: (port: number) => void;
    const listens = new Promise<number>((resolve) => (opened = resolve));
    const sender = createSender({
      store: await openSqliteStore(path.join(folder, 'mail.db')),
      inlet: systemInlet({ port: 0, onListening: (port) => opened(port) }),
      returnPathDomain: DOMAIN,
      resolver: {
        resolveMx: () => Promise.resolve([{ exchange: 'mx.test', preference: 10 }]),
        resolve4: () => Promise.resolve(['127.0.0.1']),
      },
      dialer: { dial: () => net.connect(mxPort, '127.0.0.1') },
      onEvent: (event) => events.push(event),
    });
    onTestFinished(() => sender.stop(0));
    return { sender, port: await listens };
  };
  const { sender, port } = await start();
  sender.addContact({ address: 'ghost@example.org', softBounceStreak: 1 });
  sender.send({ name: 'november', message: { subject: 'Hello', text: 'Hi' } });
  expect(await sender.completed('november')).toMatchObject({ delivered: 1 });
  expect(returnPaths).toHaveLength(1);

  const date = new Date(0);
  const returning = {
    host: 'mx.test',
    returnPath: returnPaths[0]!,
    rcpt: 'ghost@example.org',
    acceptedAt: date,
  };
  const message = await composeReturn(
    { ...returning, header: 'Subject: Hello\r\n', what: bounce({ afterMs: 1 }) },
    { id: 'one', date },
  );
  const takes = async (at: number): Promise<void> => {
    const to = `RCPT TO:<${returnPaths[0]}>`;
    const replies = await dialogue(at, 'EHLO mx.test', 'MAIL FROM:<>', to, 'DATA', `${message}\r\n.`);
    expect(replies.at(-1)).toBe('250 2.0.0 Noted');
  };
  const results = () => events.flatMap((event) => (event.type === 'bounce.received' ? [event.result] : []));
  const expectTurned = (by: BulkSender): void => {
    expect(by.response('november')).toMatchObject({ delivered: 0, bounced: { soft: 0, hard: 1 } });
    expect([...by.contacts()]).toEqual([
      { address: 'ghost@example.org', status: 'error', softBounceStreak: 1 },
    ]);
  };
  await takes(port);
  await takes(port);
  expect(results()).toEqual(['applied', 'duplicate']);
  expectTurned(sender);

  // The next sender on the store knows the return path, and that the delivery was turned.
  await sender.stop();
  const next = await start();
  await takes(next.port);
  expect(results()).toEqual(['applied', 'duplicate', 'duplicate']);
  expectTurned(next.sender);
  expect([...next.sender.journal()]).toHaveLength(1);
});
