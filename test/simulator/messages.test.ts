// Messages as a receiving host accepts them: bytes, dots, several recipients, and clients that disconnect
// in mid-message.

import { describe, expect, it } from 'vitest';
import { Lab, mailboxDoes } from './raw-client.js';

const OK = '250 Accepted\r\n';

/** One plain host. */
const plain = (): Lab => new Lab({ 'example.org': {} });

describe('messages', () => {
  it.each<[name: string, sent: string, size: number]>([
    ['of one line', 'Hi\r\n.\r\n', 4],
    ['without content', '.\r\n', 0],
    ['that begins with a dot', '..\r\n.\r\n', 3],
    ['with dots that were stuffed', 'a\r\n..b\r\n...\r\n.\r\n', 11],
    ['with a dot inside a line', 'a.b\r\n.\r\n', 5],
    ['of 8-bit bytes', 'gr\u00fc\u00df\r\n.\r\n', 6],
  ])('%s are counted in bytes, dots unstuffed', async (_name, sent, size) => {
    const lab = plain();
    await lab.play(async () => {
      const client = await lab.session('example.org');
      expect((await client.transaction('bob@example.org', 'a@b.test', sent)).at(-1)).toMatch(/^250 /);
      expect(await client.ask('NOOP')).toBe('250 OK\r\n');
    });
    expect(lab.told('message.accepted').map((e) => e.size)).toEqual([size]);
  });

  it('may be split anywhere between packets', async () => {
    const lab = plain();
    const message = 'Subject: x\r\n\r\n..a\r\nb\r\n.\r\n';
    await lab.play(async () => {
      const client = await lab.session('example.org');
      for (let cut = 1; cut < message.length; cut++) {
        await client.transactionUpToData('bob@example.org');
        client.write(message.slice(0, cut));
        await lab.sleep(1);
        client.write(message.slice(cut));
        expect(await client.reply(), `cut at ${cut}`).toMatch(/^250 /);
      }
    });
    const sizes = lab.told('message.accepted').map((e) => e.size);
    expect(sizes).toEqual(new Array(message.length - 1).fill(message.length - '..\r\n'.length));
  });

  it('of a megabyte pass the window of the wire', async () => {
    const lab = plain();
    const line = `${'x'.repeat(98)}\r\n`;
    await lab.play(async () => {
      const client = await lab.session('example.org');
      expect(
        (await client.transaction('bob@example.org', 'a@b.test', `${line.repeat(10_000)}.\r\n`)).at(-1),
      ).toMatch(/^250 /);
    });
    expect(lab.told('message.accepted').map((e) => e.size)).toEqual([1_000_000]);
  });

  it('to several recipients are accepted for each of them', async () => {
    const lab = new Lab({
      'example.org': {
        mailboxes: {
          ghost: [mailboxDoes('nonexistent-user')],
          spam: [mailboxDoes('accept', { placement: 'junk' })],
        },
      },
    });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.ask('MAIL FROM:<a@b.test>');
      expect(await client.ask('RCPT TO:<bob@example.org>')).toBe(OK);
      expect(await client.ask('RCPT TO:<spam@example.org>')).toBe(OK);
      expect(await client.ask('RCPT TO:<ghost@example.org>')).toMatch(/^550 /);
      await client.ask('DATA');
      expect(await client.ask('Hi\r\n.')).toMatch(/^250 /);
    });
    expect(lab.told('message.accepted').map(({ rcpt, placement }) => [rcpt, placement])).toEqual([
      ['bob@example.org', 'inbox'],
      ['spam@example.org', 'junk'],
    ]);
  });

  it('to several recipients are refused when one of them refuses after the final dot', async () => {
    const lab = new Lab({
      'example.org': { mailboxes: { picky: [mailboxDoes('junk-block')] } },
    });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.ask('MAIL FROM:<a@b.test>');
      await client.ask('RCPT TO:<picky@example.org>');
      await client.ask('RCPT TO:<bob@example.org>');
      await client.ask('DATA');
      expect(await client.ask('Hi\r\n.')).toMatch(/^554 /);
    });
    expect(lab.told('message.accepted')).toEqual([]);
  });
});

describe('clients that vanish', () => {
  it.each([
    ['by FIN', (socket: { destroy(): unknown; resetAndDestroy(): unknown }) => socket.destroy()],
    ['by RST', (socket: { destroy(): unknown; resetAndDestroy(): unknown }) => socket.resetAndDestroy()],
  ])('in mid-DATA %s leave nothing behind', async (_how, vanish) => {
    const lab = plain();
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.transactionUpToData('bob@example.org');
      client.write('Subject: half a mess');
      await lab.sleep(1000);
      vanish(client.socket);
    });
    await lab.settle();
    expect(lab.told('message.accepted')).toEqual([]);
    expect(lab.told('connection.closed')).toHaveLength(1);
    expect(lab.clock.pending()).toBe(0);
  });

  it('after the final dot, before the reply: the message is kept', async () => {
    const lab = plain();
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.transactionUpToData('bob@example.org');
      client.write('Hi\r\n.\r\n');
      await lab.sleep(0);
      client.socket.destroy();
    });
    await lab.settle();
    expect(lab.told('message.accepted')).toHaveLength(1);
    expect(lab.told('connection.closed')).toHaveLength(1);
  });

  it('before the greeting, or in the middle of a line', async () => {
    const lab = plain();
    await lab.play(async () => {
      const early = await lab.dial('example.org');
      await lab.sleep(6);
      early.socket.destroy();
      const torn = await lab.session('example.org');
      torn.write('MAIL FRO');
      await lab.sleep(10);
      torn.socket.destroy();
    });
    await lab.settle();
    expect(lab.told('connection.opened')).toHaveLength(2);
    expect(lab.told('connection.closed')).toHaveLength(2);
    expect(lab.clock.pending()).toBe(0);
  });
});
