// What the fleet sends back: the message as a library parses it, the dialogue with the return path's host,
// and what happens when that host is down.

import PostalMime from 'postal-mime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual.js';
import { EventLog } from '../../src/events/log.js';
import type { RunEvent } from '../../src/events/types.js';
import { seededRandom } from '../../src/base/random.js';
import { bounce } from '../../src/simulator/behaviors/return-later.js';
import type { MemorySocket } from '../../src/simulator/network/memory-socket.js';
import { composeReturn } from '../../src/simulator/returns/report-message.js';
import { MemoryNetwork } from '../../src/simulator/network/memory.js';
import { World } from '../../src/simulator/world.js';

const HOUR = 3_600_000;

const RETURNING = {
  host: 'mx.example.org',
  returnPath: 'bounce+x@return.test',
  rcpt: 'Bob@example.org',
  acceptedAt: new Date(Date.UTC(2026, 0, 1, 8)),
  header: 'From: news@sender.test\r\nSubject: News\r\nMessage-ID: <1@sender.test>\r\n',
};
const IDENTITY = { id: 'return.1', date: new Date(Date.UTC(2026, 0, 1, 10)) };

describe('a bounce message', () => {
  it('is a report according to RFC 3464 and RFC 6522', async () => {
    const text = await composeReturn({ ...RETURNING, what: bounce({ afterMs: 1 }) }, IDENTITY);
    expect(text.replace(/\r\n/g, '')).not.toMatch(/[\r\n]/);
    const read = await PostalMime.parse(text);
    const header = (name: string): string => read.headers.find(({ key }) => key === name)!.value;
    expect(header('content-type')).toMatch(/^multipart\/report; report-type=delivery-status;/);
    expect(header('auto-submitted')).toBe('auto-replied');
    expect(header('date')).toBe('Thu, 01 Jan 2026 10:00:00 +0000');
    expect(read.from).toMatchObject({ address: 'MAILER-DAEMON@mx.example.org' });
    expect(read.text).toContain('Your message to <Bob@example.org> could not be delivered.');
    const parts = read.attachments.map(({ mimeType, content }) => [mimeType, asText(content)]);
    expect(parts).toEqual([
      [
        'message/delivery-status',
        [
          'Reporting-MTA: dns; mx.example.org',
          'Arrival-Date: Thu, 01 Jan 2026 08:00:00 +0000',
          '',
          'Original-Recipient: rfc822;Bob@example.org',
          'Final-Recipient: rfc822;Bob@example.org',
          'Action: failed',
          'Status: 5.1.1',
          'Remote-MTA: dns; mx.example.org',
          'Diagnostic-Code: smtp; 550 5.1.1 The email account that you tried to reach does not exist',
          'Last-Attempt-Date: Thu, 01 Jan 2026 10:00:00 +0000',
          '',
        ].join('\n'),
      ],
      ['text/rfc822-headers', 'From: news@sender.test\nSubject: News\nMessage-ID: <1@sender.test>\n'],
    ]);
  });

  it('has the status, the action and the text of the behavior', async () => {
    const what = bounce({ afterMs: 1, status: '4.2.2', action: 'delayed', text: 'Over quota' });
    const text = await composeReturn({ ...RETURNING, what }, IDENTITY);
    expect(text).toContain('Action: delayed\r\nStatus: 4.2.2\r\n');
    expect(text).toContain('Diagnostic-Code: smtp; 450 4.2.2 Over quota\r\n');
    expect(text).toContain('will be tried again');
  });
});

describe('an automatic reply', () => {
  it('has the subject of the message, and the header field of an automatic reply', async () => {
    const what = { kind: 'auto-reply', afterMs: 1, times: 1, everyMs: 0, text: 'Away' } as const;
    const read = await PostalMime.parse(await composeReturn({ ...RETURNING, what }, IDENTITY));
    expect(read).toMatchObject({ subject: 'Automatic reply: News', text: 'Away\n' });
    expect(read.headers).toContainEqual(
      expect.objectContaining({ key: 'auto-submitted', value: 'auto-replied' }),
    );
  });
});

/** A world whose return-path host answers with these replies to MAIL, RCPT, DATA and the dot. */
async function returned(options: {
  replies?: Partial<Record<'MAIL' | 'RCPT' | 'DATA' | '.', string>>;
  /** The host is down before this time, ms. */
  from?: number;
  to?: string;
}): Promise<{ lines: string[]; told: (RunEvent & { type: 'message.returned' })[] }> {
  const clock = VirtualClock.install();
  onTestFinished(() => clock.uninstall());
  const told: RunEvent[] = [];
  const log = new EventLog({ now: () => clock.now(), readers: [(event) => told.push(event)] });
  const world = new World({
    clock,
    random: seededRandom('1'),
    emit: log.emit,
    fleet: { 'example.org': { behaviors: [], mailboxes: [] } },
    network: new MemoryNetwork(clock, 1),
    clientAddress: '127.0.0.1',
  });
  const lines: string[] = [];
  const accept = (socket: MemorySocket): void => {
    let inData = false;
    socket.write('220 return.test ESMTP\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\r\n').slice(0, -1)) {
        if (inData && line !== '.') continue;
        lines.push(line);
        const verb = line.split(/[ :]/)[0]! as 'MAIL';
        const reply = options.replies?.[verb] ?? (verb === ('DATA' as string) ? '354 go on' : '250 2.0.0 ok');
        inData = reply.startsWith('354');
        socket.write(`${reply}\r\n`);
        if (line === 'QUIT') socket.end();
      }
    });
  };
  world.attach('return.test', accept).close();
  clock.at(options.from ?? 0, () => world.attach('return.test', accept));
  clock.at(HOUR, () => world.bounce(options.to ?? 'bounce+x@return.test', 'bob@example.org', '5.1.1'));
  expect(await clock.run({ horizonMs: 1000 * HOUR, wallLimitMs: 20_000 })).toBe('idle');
  return {
    lines,
    told: told.filter(
      (event): event is RunEvent & { type: 'message.returned' } => event.type === 'message.returned',
    ),
  };
}

describe('it is sent', () => {
  it('over SMTP, with a null sender', async () => {
    const { lines, told } = await returned({});
    expect(lines.map((line) => line.replace(/ SIZE=.*/, ''))).toEqual([
      'EHLO mx.example.org',
      'MAIL FROM:<>',
      'RCPT TO:<bounce+x@return.test>',
      'DATA',
      '.',
      'QUIT',
    ]);
    expect(told).toMatchObject([
      {
        outcome: 'sent',
        said: '250',
        to: 'bounce+x@return.test',
        host: 'mx.example.org',
        kind: 'bounce',
        status: '5.1.1',
        action: 'failed',
      },
    ]);
  });

  it('again every half hour while the host is down', async () => {
    const { told } = await returned({ from: 2.75 * HOUR });
    expect(told.map(({ outcome, said, t }) => [outcome, said, Math.floor(t / 60_000)])).toEqual([
      ['deferred', 'ECONNREFUSED', 60],
      ['deferred', 'ECONNREFUSED', 90],
      ['deferred', 'ECONNREFUSED', 120],
      ['deferred', 'ECONNREFUSED', 150],
      ['sent', '250', 180],
    ]);
  });

  it('again after a 4xx, for a day', async () => {
    const later = await returned({ replies: { RCPT: '450 4.2.1 later' } });
    expect(later.told).toHaveLength(48);
    expect(later.told.at(-1)).toMatchObject({ outcome: 'failed', said: '450' });
    expect(later.told[0]).toMatchObject({ outcome: 'deferred', said: '450' });
  });

  it('not again after a 5xx', async () => {
    const never = await returned({ replies: { '.': '554 5.7.1 no' } });
    expect(never.told).toMatchObject([{ outcome: 'failed', said: '554' }]);
  });

  it('nowhere, when the domain does not exist', async () => {
    const { told } = await returned({ to: 'news@nowhere.test' });
    expect(told).toMatchObject([{ outcome: 'failed', said: 'ENOTFOUND' }]);
  });

  it('nowhere, when there is no return path', async () => {
    const { told, lines } = await returned({ to: '' });
    expect(told).toMatchObject([{ outcome: 'failed', said: 'no return path' }]);
    expect(lines).toEqual([]);
  });
});

function asText(content: string | ArrayBuffer | Uint8Array): string {
  return typeof content === 'string' ? content : Buffer.from(content as Uint8Array).toString();
}
