// Broken, hostile or very many clients: a host answers as a real one would, stays up, keeps its memory
// bounded, and other clients are not affected.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WIRES } from '../../src/scenarios/plan.js';
import { COMMANDS, DIALOGUE } from './behavior-cells.js';
import { does, Lab, mailboxDoes, type FleetDomain, type RawClient } from './raw-client.js';

const KB = 1024;
const MB = 1024 * KB;

/** Another session of the same host is served. */
async function isServing(lab: Lab): Promise<void> {
  const replies = await lab.attempt('bob@example.org');
  expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['250', '250', '354', '250']);
}

/** Writes with back-pressure, until all is written or the server has closed. */
async function pour(client: RawClient, chunk: Buffer, times: number, watch: () => void): Promise<void> {
  for (let i = 0; i < times && client.socket.writable; i++) {
    if (client.socket.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        client.socket.off('drain', go).off('close', go);
        resolve();
      };
      client.socket.on('drain', go).on('close', go);
    });
    watch();
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Most bytes in buffers over what was there at first, looked at now and then. A collection leaves it
 * to a thread of its own to free the buffers that it found dead, and only the next one waits for that
 * thread: after one alone, the figure would depend on how busy the machine is.
 */
function growth(): { watch: () => void; most: () => number } {
  const used = (): number => {
    collectGarbage();
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = used();
  let most = 0;
  let looks = 0;
  return {
    watch: () => {
      if (looks++ % 50 === 0) most = Math.max(most, used() - before);
    },
    most: () => most,
  };
}

describe.each(WIRES)('over %s,', (wire) => {
  const labOf = (fleet: Record<string, FleetDomain>): Lab => new Lab(fleet, { wire });

  /** One plain host. */
  const plain = (): Lab => labOf({ 'example.org': {} });

  describe('a client that sends', () => {
    it('garbage gets nine errors and is disconnected', async () => {
      const lab = plain();
      await lab.play(async () => {
        const client = await lab.session('example.org');
        for (let i = 0; i < 9; i++) {
          expect(await client.ask(`\u00ff\u00fe%${i}`)).toBe('500 Error: command not recognized\r\n');
        }
        expect(await client.ask('!')).toBe('421 Error: too many unrecognized commands\r\n');
        await client.closed();
        await isServing(lab);
      });
    });

    it('commands out of order gets twenty errors and is disconnected', async () => {
      const lab = plain();
      await lab.play(async () => {
        const client = await lab.session('example.org');
        for (let i = 0; i < 19; i++) expect(await client.ask('DATA')).toMatch(/^503 /);
        expect(await client.ask('RCPT TO:<bob@example.org>')).toMatch(/^503 /);
        expect(await client.reply()).toBe('421 4.7.0 Error: too many errors\r\n');
        await client.closed();
        await isServing(lab);
      });
    });

    it('a hundred rejected recipients stays connected', async () => {
      const lab = labOf({
        'example.org': { mailboxes: { no: [mailboxDoes('reply', { code: 503, text: 'No' })] } },
      });
      await lab.play(async () => {
        const client = await lab.session('example.org');
        for (let i = 0; i < 100; i++) {
          await client.ask('MAIL FROM:<a@b.test>');
          expect(await client.ask('RCPT TO:<no@example.org>')).toBe('503 No\r\n');
          expect(await client.ask('RSET')).toBe('250 Flushed\r\n');
        }
      });
    });

    it('10 MB without a line end is cut off, and memory stays bounded', async () => {
      const lab = plain();
      const { watch, most } = growth();
      await lab.play(async () => {
        const client = await lab.session('example.org');
        const other = await lab.session('example.org');
        await pour(client, Buffer.alloc(16 * KB, 'x'), 640, watch);
        expect(await client.reply()).toBe('421 Error: Command line too long\r\n');
        expect((await other.transaction('bob@example.org')).at(-1)).toMatch(/^250 /);
        client.socket.destroy();
        await isServing(lab);
      });
      expect(most()).toBeLessThan(2 * MB);
    });

    it('an endless message is cut off, and memory stays bounded', async () => {
      const lab = plain();
      const { watch, most } = growth();
      await lab.play(async () => {
        const client = await lab.session('example.org');
        await client.transactionUpToData('bob@example.org');
        await pour(client, Buffer.alloc(64 * KB, 'endless\r\n'), 2000, watch);
        expect(await client.reply()).toBe('552 5.3.4 Message is larger than any server takes\r\n');
        client.socket.destroy();
        await isServing(lab);
      });
      expect(lab.told('message.accepted')).toHaveLength(1);
      // 64 MB came in before it was cut off.
      expect(most()).toBeLessThan(2 * MB);
    });

    it('NUL bytes and eight-bit bytes gets an error and is still served', async () => {
      const lab = plain();
      await lab.play(async () => {
        const client = await lab.session('example.org');
        expect(await client.ask('NO\u0000OP')).toMatch(/^500 /);
        expect(await client.ask('\u0000\u0000\u0000')).toMatch(/^500 /);
        expect(await client.ask('MAIL FROM:<a\u0000b@c.test>')).toMatch(/^501 /);
        expect(await client.ask('MAIL FROM:<a@b.test>')).toMatch(/^250 /);
        expect(await client.ask('RCPT TO:<b\u0000b@example.org>')).toMatch(/^501 /);
        expect((await client.ask('RSET')).slice(0, 3)).toBe('250');
        const nul = 'Subject: \u0000\r\n\r\n\u0000\u00ff\r\n.\r\n';
        expect((await client.transaction('bob@example.org', 'a@b.test', nul)).at(-1)).toMatch(/^250 /);
      });
    });

    it('a whole dialogue before the greeting gets an error', async () => {
      const lab = labOf({
        'example.org': { behaviors: [does('unresponsive', { for: '1m' }, { until: 30_000 })] },
      });
      await lab.play(async () => {
        const client = await lab.dial('example.org');
        client.write(DIALOGUE.map((step) => COMMANDS[step]).join(''));
        expect(await client.reply()).toBe('421 mx.example.org You talk too soon\r\n');
        await client.closed();
        await lab.sleep(60_000);
        await isServing(lab);
      });
      expect(lab.told('message.accepted')).toHaveLength(1);
    });

    it('bare line feeds is understood in commands, but cannot end a message with them', async () => {
      const lab = plain();
      await lab.play(async () => {
        const client = await lab.dial('example.org');
        await client.reply();
        client.write('EHLO client.test\nMAIL FROM:<a@b.test>\nRCPT TO:<bob@example.org>\nDATA\n');
        for (const code of ['250', '250', '250', '354'])
          expect((await client.reply()).slice(0, 3)).toBe(code);
        client.write('Hi\n.\nMAIL FROM:<smuggled@b.test>\nRCPT TO:<bob@example.org>\nDATA\nHo\n.\n');
        expect(await client.hear(1000)).toBe('');
        client.write('\r\n.\r\n');
        expect(await client.reply()).toMatch(/^250 /);
      });
      expect(lab.told('message.accepted').map(({ mailFrom }) => mailFrom)).toEqual(['a@b.test']);
    });

    it('more recipients than a server accepts gets 452 for those', async () => {
      const lab = plain();
      await lab.play(async () => {
        const client = await lab.session('example.org');
        await client.ask('MAIL FROM:<a@b.test>');
        for (let i = 0; i < 1000; i++) await client.ask(`RCPT TO:<r${i}@example.org>`);
        expect(await client.ask('RCPT TO:<one@example.org>')).toBe('452 Error: too many recipients\r\n');
      });
    });
  });

  it('a thousand idle connections stay open, and get 421 after five minutes', async () => {
    const lab = plain();
    await lab.play(async () => {
      const clients: RawClient[] = [];
      for (let i = 0; i < 1000; i++) clients.push(await lab.dial('example.org'));
      await lab.sleep(60_000);
      expect(clients.every(({ socket }) => socket.readyState === 'open')).toBe(true);
      await isServing(lab);
      await lab.sleep(300_000);
      const said = new Set(clients.map(({ pending }) => pending));
      expect([...said]).toEqual(['220 mx.example.org ESMTP\r\n421 Timeout - closing connection\r\n']);
      expect(clients.every(({ ended }) => ended)).toBe(true);
      await isServing(lab);
    });
    await lab.settle();
    expect(lab.told('connection.closed')).toHaveLength(1002);
  });

  describe('any stream of commands', () => {
    const verb = fc.constantFrom(
      ...Object.values(COMMANDS),
      'HELO client.test\r\n',
      'RSET\r\n',
      'NOOP\r\n',
      'VRFY bob\r\n',
      'HELP\r\n',
      'STARTTLS\r\n',
      'AUTH PLAIN AGEAYg==\r\n',
      'BDAT 10 LAST\r\n',
      'QUIT\r\n',
      'EHLO\r\n',
      'MAIL FROM:<>\r\n',
      'MAIL FROM:<a@b.test> SIZE=99999999999 BODY=8BITMIME\r\n',
      'MAIL FROM:<a@b.test> SIZE=x\r\n',
      'RCPT TO:<full@example.org>\r\n',
      'RCPT TO:<torn@example.org>\r\n',
      'RCPT TO:<later@example.org>\r\n',
      'RCPT TO:<gone@example.org>\r\n',
      '.\r\n',
      '\r\n',
      '\n.\n',
      'GET / HTTP/1.1\r\n',
      '\u0000\r\n',
    );
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const stream = fc.array(fc.oneof({ weight: 6, arbitrary: verb }, noise), { maxLength: 25 });

    it('leaves the fleet serving', async () => {
      const lab = labOf({
        'example.org': {
          behaviors: [does('too-big', { limit: 5000 }), does('throttle', { messagesPerConnection: 2 })],
          mailboxes: {
            full: [mailboxDoes('mailbox-full')],
            torn: [mailboxDoes('garbled', { as: 'torn' })],
            later: [mailboxDoes('slow', { delay: '100ms', rate: '1/1ms' })],
            gone: [mailboxDoes('disconnect', { stage: 'body', how: 'rst' })],
          },
        },
      });
      let cases = 0;
      await fc.assert(
        fc.asyncProperty(stream, fc.integer({ min: 1, max: 400 }), async (parts, size) => {
          lab.events.length = 0;
          await lab.play(async () => {
            const client = await lab.dial('example.org');
            const bytes = parts.join('');
            for (let at = 0; at < bytes.length && client.socket.writable; at += size) {
              client.write(bytes.slice(at, at + size));
              await lab.sleep(1);
            }
            await lab.sleep(60_000);
            // The server's output is SMTP for any input.
            expect(client.pending).toMatch(/^(?:\d{3}[ -][^\r\n]*\r\n)*$/);
            client.socket.destroy();
            if (++cases % 20 === 0) await isServing(lab);
          });
        }),
        { numRuns: 3000, seed: 1 },
      );
      await lab.play(() => isServing(lab));
      await lab.settle();
      expect(cases).toBeGreaterThanOrEqual(3000);
    }, 120_000);
  });
});
