// Every behavior at every stage where it can act, read from both wires as bytes. A behavior, or a stage of
// one, that has no row in the table fails.

import { describe, expect, it } from 'vitest';
import { findReply } from '../../src/scenarios/fleet/profile-file.js';
import { WIRES } from '../../src/scenarios/plan.js';
import { certificates } from '../../src/simulator/certificates.js';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import type { BehaviorPlan } from '../../src/simulator/plan.js';
import { CELLS, COMMANDS, DIALOGUE, everyCell, USUAL, USUAL_TLS, type Cell } from './behavior-cells.js';
import { does, Lab, mailboxDoes, type RawClient } from './raw-client.js';

const DAY_MS = 24 * 3_600_000;

function planOf({ name, point, cell }: { name: string; point: string; cell: Cell }): BehaviorPlan {
  const hasStage = 'stage' in BEHAVIORS.get(name)!.parameters.shape && point !== 'any';
  const plan = does(name, { ...cell.params, ...(hasStage ? { stage: point } : {}) }, {}, cell.scope);
  if (name !== 'catalogue') return plan;
  // The loader adds the reply of that name.
  const found = findReply(plan.params['entry'] as string);
  if ('message' in found) throw new Error(found.message);
  return { ...plan, params: { ...plan.params, said: found.reply } };
}

/** What the client has seen once the connection is over. */
async function overBy(client: RawClient): Promise<'fin' | 'rst'> {
  await client.closed();
  return client.error === 'ECONNRESET' ? 'rst' : 'fin';
}

describe.each(WIRES)('the %s wire shows', (wire) => {
  it.each(everyCell())('$title', async ({ name, point, cell }) => {
    const { shown, scope, before, command } = cell;
    const behaviors = [planOf({ name, point, cell })];
    const fleet = {
      'example.org': scope === 'mailbox' ? { mailboxes: { bob: behaviors } } : { behaviors },
    };
    const isTls = point === 'starttls';
    const lab = new Lab(fleet, { wire, ...(isTls ? { certificates: await certificates() } : {}) });
    let accepted = 0;
    await lab.play(async () => {
      await before?.(lab);
      accepted = lab.told('message.accepted').length;
      const client = await lab.dial('example.org');
      if ('refused' in shown) {
        expect(await client.closed()).toBeLessThan(1000);
        expect(client.error).toBe('ECONNREFUSED');
        return;
      }
      if ('unanswered' in shown) {
        expect(await client.hear(DAY_MS)).toBe('');
        expect([client.socket.connecting, client.error]).toEqual([true, undefined]);
        return;
      }
      for (const step of DIALOGUE) {
        const atBody = point === 'body' && step === 'message';
        const atStarttls = isTls && step === 'mail';
        const isHere = step === point || atBody || atStarttls;
        const since = lab.clock.now();
        const usual = atBody ? 'Subject: hello\r\n' : atStarttls ? 'STARTTLS\r\n' : COMMANDS[step];
        client.write(isHere ? (command ?? usual) : usual);
        if (!isHere || 'accepted' in shown) {
          const expected = { ...USUAL, ...(isTls ? USUAL_TLS : {}), ...cell.usual }[step];
          // Only the number in the queue tells that something came before.
          expect((await client.reply()).replace(/as \d/, 'as 1'), step).toBe(expected);
        }
        if (step === 'ehlo' && point === 'idle') await lab.sleep(1000);
        if (!isHere && !(step === 'ehlo' && point === 'idle')) continue;
        if ('goesOn' in shown) {
          // The client's command and the reply take 5 ms each; the greeting follows the handshake.
          await lab.sleep((shown.lateMs ?? 0) + 9);
          expect(client.pending).not.toBe(shown.goesOn);
          await lab.sleep(1);
          expect(client.pending).toBe(shown.goesOn);
          client.pending = '';
          // What follows is TLS, see tls.test.ts.
          if (isTls) client.socket.destroy();
          if (isTls) return;
          continue;
        }
        if ('silent' in shown) {
          expect(await client.hear(DAY_MS)).toBe('');
          expect([client.ended, client.socket.readyState]).toEqual([false, 'open']);
          client.socket.destroy();
        } else if ('unended' in shown) {
          expect(await client.hear(DAY_MS)).toBe(shown.unended);
          expect([client.ended, client.socket.readyState]).toEqual([false, 'open']);
          client.socket.destroy();
        } else if ('dropped' in shown) {
          expect(await overBy(client)).toBe(shown.dropped);
          expect([client.pending, lab.clock.now() - since]).toEqual(['', point === 'idle' ? 1010 : 10]);
        } else if ('bytes' in shown) {
          expect(await client.hear(50)).toBe(shown.bytes);
          client.pending = '';
          if (shown.closes) expect(await overBy(client)).toBe('fin');
          else expect(await client.ask('NOOP')).toBe('250 OK\r\n');
          expect(client.pending).toBe('');
        }
        if (!('accepted' in shown)) return;
      }
      expect(await client.ask('QUIT')).toBe('221 Bye\r\n');
      await client.closed();
      accepted++;
    });
    await lab.settle();
    // A message that the same dialogue delivered before is in the bytes.
    const within = 'bytes' in shown ? shown.bytes.split('queued as').length - 1 : 0;
    expect(lab.told('message.accepted')).toHaveLength(accepted + within);
    const isDialed = 'refused' in shown || 'unanswered' in shown;
    expect(lab.told('connection.refused').map(({ how }) => how)).toEqual(
      isDialed ? ['refused' in shown ? 'refused' : 'no-answer'] : [],
    );
    expect(lab.told('connection.closed')).toHaveLength(lab.told('connection.opened').length);
  });
});

it('the table has every behavior at every stage that it has, and at no other', () => {
  expect(Object.keys(CELLS).sort()).toEqual([...BEHAVIORS.keys()].sort());
  for (const [name, { points }] of BEHAVIORS) {
    expect(Object.keys(CELLS[name]!).sort(), name).toEqual([...points].sort());
  }
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

  it('mailbox-full with `permanent` is 552 5.2.2', async () => {
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

  it('greylist defers each sender, recipient and client until its time has passed since the first attempt', async () => {
    const lab = new Lab({ 'example.org': { behaviors: [does('greylist', { for: '10m' })] } });
    const codes: string[] = [];
    const attempt = async (to: string, from?: string): Promise<void> => {
      codes.push((await lab.attempt(to, from)).at(-1)!.slice(0, 3));
    };
    await lab.play(async () => {
      await attempt('bob@example.org');
      await lab.sleep(300_000);
      // An early attempt does not restart the time.
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

  it('for a mailbox acts at RCPT', async () => {
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
