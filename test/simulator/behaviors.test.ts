// Every behavior at every stage where it can act, read off the wire as bytes. A behavior, or a
// stage of one, that has no line in this table fails.

import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/events/types.js';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import type { Point } from '../../src/simulator/plan.js';
import { does, Lab, mailboxDoes } from './raw-client.js';

const USUAL: Record<Exclude<Stage, 'starttls'>, string> = {
  connect: '220 mx.example.org ESMTP\r\n',
  ehlo:
    '250-mx.example.org Nice to meet you, [127.0.0.1]\r\n' +
    '250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n',
  mail: '250 Accepted\r\n',
  rcpt: '250 Accepted\r\n',
  data: '354 End data with <CR><LF>.<CR><LF>\r\n',
  message: '250 2.0.0 Ok: queued as 1.1\r\n',
};
const DIALOGUE = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'message'] as const;

/** What the wire shows: bytes of a reply (and whether the server closes after it), or no reply. */
type Shown = { bytes: string; closes?: true } | { refused: true } | { silent: true } | { accepted: true };

const BUSY_421 = {
  bytes: '421 4.3.2 mx.example.org Service not available, closing transmission channel\r\n',
  closes: true,
} as const;
const BUSY_451 = { bytes: '451 4.3.2 System busy, try again later\r\n' };
const FULL = { bytes: '452 4.2.2 Mailbox full\r\n' };
const NO_USER = { bytes: '550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown\r\n' };
const JUNK = { bytes: '554 5.7.1 Message rejected: classified as spam\r\n' };
const REPLY = { bytes: '450-4.7.28 too many\r\n450 4.7.28 from you\r\n' };
const SILENT = { silent: true } as const;

const EXPECTED: Record<string, { params?: Record<string, unknown>; shown: Partial<Record<Point, Shown>> }> = {
  accept: { shown: { any: { accepted: true } } },
  busy: {
    shown: {
      connect: BUSY_421,
      ehlo: BUSY_421,
      mail: BUSY_451,
      rcpt: { bytes: '450 4.3.2 System busy, try again later\r\n' },
      data: BUSY_451,
      message: BUSY_451,
    },
  },
  'mailbox-full': { shown: { rcpt: FULL, data: FULL, message: FULL } },
  'nonexistent-user': { shown: { rcpt: NO_USER, data: NO_USER, message: NO_USER } },
  'junk-block': { shown: { mail: JUNK, rcpt: JUNK, data: JUNK, message: JUNK } },
  'return-later': { params: { after: '1m' }, shown: { message: { accepted: true } } },
  'auto-reply': { params: { after: '1m' }, shown: { message: { accepted: true } } },
  down: { shown: { dial: { refused: true } } },
  unresponsive: {
    shown: { connect: SILENT, ehlo: SILENT, mail: SILENT, rcpt: SILENT, data: SILENT, message: SILENT },
  },
  greylist: { shown: { rcpt: { bytes: '451 4.7.1 Greylisted, please try again later\r\n' } } },
  reply: {
    params: { code: 450, enhanced: '4.7.28', text: ['too many', 'from you'] },
    shown: {
      connect: { ...REPLY, closes: true },
      ehlo: REPLY,
      mail: REPLY,
      rcpt: REPLY,
      data: REPLY,
      message: REPLY,
    },
  },
};

const COMMANDS: Record<(typeof DIALOGUE)[number], string> = {
  connect: '',
  ehlo: 'EHLO client.test\r\n',
  mail: 'MAIL FROM:<news@sender.test>\r\n',
  rcpt: 'RCPT TO:<bob@example.org>\r\n',
  data: 'DATA\r\n',
  message: 'Subject: hello\r\n\r\nHi\r\n.\r\n',
};

const cells = [...BEHAVIORS.values()].flatMap(({ name, points }) =>
  points.map((point) => [name, point] as const),
);

describe('the wire shows', () => {
  it.each(cells)('%s at %s', async (name, point) => {
    const expected = EXPECTED[name];
    const shown = expected?.shown[point];
    if (!shown) throw new Error(`no expectation for ${name} at ${point}: add it to this table`);
    const hasStage = 'stage' in BEHAVIORS.get(name)!.parameters.shape;
    const params = { ...expected.params, ...(hasStage ? { stage: point } : {}) };
    const lab = new Lab({ 'example.org': { behaviors: [does(name, params)] } });
    await lab.play(async () => {
      const client = await lab.dial('example.org');
      if ('refused' in shown) {
        await client.closed();
        expect(client.error).toBe('ECONNREFUSED');
        return;
      }
      for (const stage of DIALOGUE) {
        client.write(COMMANDS[stage]);
        if (stage !== point || 'accepted' in shown) {
          expect(await client.reply(), stage).toBe(USUAL[stage]);
          continue;
        }
        if ('silent' in shown) {
          expect(await client.hear(24 * 3_600_000)).toBe('');
          expect([client.ended, client.socket.readyState]).toEqual([false, 'open']);
          return;
        }
        expect(await client.reply()).toBe(shown.bytes);
        if (shown.closes) {
          await client.closed();
          expect(client.pending).toBe('');
        } else {
          expect(await client.ask('NOOP')).toBe('250 OK\r\n');
        }
        return;
      }
      expect(await client.ask('QUIT')).toBe('221 Bye\r\n');
      await client.closed();
    });
    await lab.settle();
    const isTaken = 'accepted' in shown;
    expect(lab.told('message.accepted')).toHaveLength(isTaken ? 1 : 0);
    const opened = 'refused' in shown ? 0 : 1;
    expect(lab.told('connection.opened')).toHaveLength(opened);
  });

  it('nothing for stages that no behavior has', () => {
    for (const [name, { shown }] of Object.entries(EXPECTED)) {
      expect([...BEHAVIORS.get(name)!.points].sort(), name).toEqual(Object.keys(shown).sort());
    }
  });
});

describe('the parameters', () => {
  async function replyAt(
    index: number,
    ...behaviors: ReturnType<typeof does>[]
  ): Promise<string | undefined> {
    const lab = new Lab({ 'example.org': { behaviors } });
    let replies: string[] = [];
    await lab.play(async () => {
      replies = await lab.attempt('bob@example.org');
    });
    return replies[index];
  }

  it('mailbox-full for good is 552 5.2.2', async () => {
    expect(await replyAt(1, does('mailbox-full', { permanent: true }))).toBe('552 5.2.2 Mailbox full\r\n');
  });

  it.each<[name: string, params: Record<string, unknown>, bytes: string]>([
    ['without enhanced code', { stage: 'rcpt', text: 'No' }, '550 No\r\n'],
    ['without text', { stage: 'rcpt' }, '550 \r\n'],
    ['of several lines', { stage: 'message', text: ['a', 'b', 'c'] }, '550-a\r\n550-b\r\n550 c\r\n'],
    ['with a two-digit detail', { stage: 'message', enhanced: '5.7.26', text: 'x' }, '550 5.7.26 x\r\n'],
    [
      'of a text with line ends',
      { stage: 'rcpt', enhanced: '5.7.1', text: 'a\nb\r\n' },
      '550-5.7.1 a\r\n550 5.7.1 b\r\n',
    ],
  ])('reply %s', async (_name, params, bytes) => {
    expect(await replyAt(params.stage === 'rcpt' ? 1 : 3, does('reply', { code: 550, ...params }))).toBe(
      bytes,
    );
  });

  it.each(['ehlo', 'mail', 'rcpt', 'data', 'message'] as const)('reply 421 closes at %s', async (stage) => {
    const lab = new Lab({
      'example.org': {
        behaviors: [does('reply', { stage, code: 421, enhanced: '4.7.0', text: ['Go', 'away'] })],
      },
    });
    await lab.play(async () => {
      const client = await lab.dial('example.org');
      let last = await client.reply();
      for (const step of DIALOGUE.slice(1)) {
        client.write(COMMANDS[step]);
        last = await client.reply();
        if (step === stage) break;
      }
      expect(last).toBe('421-4.7.0 Go\r\n421 4.7.0 away\r\n');
      await client.closed();
      expect(client.pending).toBe('');
    });
    await lab.settle();
    expect(lab.told('connection.closed')).toHaveLength(1);
  });

  it.each(['rcpt', 'message'] as const)(
    'reply with `close` closes at %s, whatever its code',
    async (stage) => {
      const lab = new Lab({
        'example.org': { behaviors: [does('reply', { stage, code: 554, text: 'Bye', close: true })] },
      });
      await lab.play(async () => {
        const client = await lab.session('example.org');
        expect((await client.transaction('bob@example.org')).at(-1)).toBe('554 Bye\r\n');
        await client.closed();
      });
      await lab.settle();
    },
  );

  it.each(['inbox', 'junk', 'discarded'])(
    'accept to the placement %s, and only the log knows',
    async (placement) => {
      const lab = new Lab({ 'example.org': { behaviors: [does('accept', { placement })] } });
      await lab.play(async () => {
        expect((await lab.attempt('bob@example.org'))[3]).toBe(USUAL.message);
      });
      expect(lab.told('message.accepted').map((e) => e.placement)).toEqual([placement]);
    },
  );

  it.each(['connect', 'ehlo', 'mail', 'rcpt', 'data', 'message'] as const)(
    'unresponsive for ten minutes at %s goes on after them, past the idle timeout of a server',
    async (stage) => {
      const lab = new Lab({ 'example.org': { behaviors: [does('unresponsive', { stage, for: '10m' })] } });
      await lab.play(async () => {
        const client = await lab.dial('example.org');
        for (const step of DIALOGUE) {
          const asked = lab.clock.now();
          client.write(COMMANDS[step]);
          expect(await client.reply(), step).toBe(USUAL[step]);
          const waited = lab.clock.now() - asked;
          // Two ways of 5 ms each; the greeting follows the answer to the handshake at once.
          expect(waited, step).toBe((step === stage ? 600_000 : 0) + 10);
        }
      });
      expect(lab.told('message.accepted')).toHaveLength(1);
    },
  );

  it.each([
    ['kept: true, for ever', { kept: true }, 1],
    ['kept: false, for ever', { kept: false }, 0],
    ['kept: true, for a time that the client does not wait', { kept: true, for: '5m' }, 1],
    ['kept: false, for a time that the client does not wait', { kept: false, for: '5m' }, 0],
  ])('unresponsive after the final dot, %s', async (_name, params, accepted) => {
    const lab = new Lab({
      'example.org': { behaviors: [does('unresponsive', { stage: 'message', ...params })] },
    });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      for (const step of ['mail', 'rcpt', 'data'] as const) {
        client.write(COMMANDS[step]);
        await client.reply();
      }
      client.write(COMMANDS.message);
      expect(await client.hear(60_000)).toBe('');
      client.socket.destroy();
    });
    await lab.settle();
    expect(lab.told('message.accepted')).toHaveLength(accepted);
    expect(lab.told('connection.closed')).toHaveLength(1);
  });

  it('greylist defers each sender, recipient and client until its time has passed since first sight', async () => {
    const lab = new Lab({ 'example.org': { behaviors: [does('greylist', { for: '10m' })] } });
    const codes: string[] = [];
    const attempt = async (to: string, from?: string): Promise<void> => {
      codes.push((await lab.attempt(to, from)).at(-1)!.slice(0, 3));
    };
    await lab.play(async () => {
      await attempt('bob@example.org');
      await lab.sleep(300_000);
      // Coming back early does not start the time over.
      await attempt('bob@example.org');
      await lab.sleep(300_000);
      await attempt('bob@example.org');
      await attempt('BOB@example.org');
      await attempt('bob@example.org', 'other@sender.test');
      await attempt('carol@example.org');
      await lab.sleep(600_000);
      await attempt('carol@example.org');
      await attempt('bob@example.org', 'other@sender.test');
    });
    expect(codes).toEqual(['451', '451', '250', '250', '451', '451', '250', '250']);
  });

  it('acts at RCPT where it is written for a mailbox', async () => {
    const lab = new Lab({
      'example.org': {
        mailboxes: {
          bob: [mailboxDoes('busy')],
          carol: [mailboxDoes('reply', { code: 450, text: 'later' })],
        },
      },
    });
    await lab.play(async () => {
      expect(await lab.attempt('bob@example.org')).toEqual([
        USUAL.mail,
        '450 4.3.2 System busy, try again later\r\n',
      ]);
      expect(await lab.attempt('carol@example.org')).toEqual([USUAL.mail, '450 later\r\n']);
    });
  });
});
