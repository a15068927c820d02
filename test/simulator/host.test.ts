// One receiving host on the wire: the order of the dialogue, what counts as an attempt, and its events.

import { describe, expect, it } from 'vitest';
import { does, Lab, mailboxDoes } from './raw-client.js';

const OK = '250 Accepted\r\n';

/** One plain host. */
const plain = (): Lab => new Lab({ 'example.org': {} });

describe('the dialogue', () => {
  it('answers commands out of order with 503, and none of them is an attempt', async () => {
    const first = mailboxDoes('busy', {}, { attempts: { from: 1, to: 1 } });
    const lab = new Lab({ 'example.org': { mailboxes: { bob: [first] } } });
    await lab.play(async () => {
      const client = await lab.dial('example.org');
      await client.reply();
      for (const line of ['MAIL FROM:<a@b.test>', 'RCPT TO:<bob@example.org>', 'DATA']) {
        expect(await client.ask(line)).toBe('503 Error: send HELO/EHLO first\r\n');
      }
      await client.ask('EHLO client.test');
      expect(await client.ask('RCPT TO:<bob@example.org>')).toBe('503 Error: need MAIL command\r\n');
      expect(await client.ask('DATA')).toBe('503 Error: need RCPT command\r\n');
      expect(await client.ask('MAIL FROM:<a@b.test>')).toBe(OK);
      expect(await client.ask('MAIL FROM:<other@b.test>')).toBe('503 Error: nested MAIL command\r\n');
      expect(await client.ask('DATA')).toBe('503 Error: need RCPT command\r\n');
      // The first attempt is this one.
      expect(await client.ask('RCPT TO:<bob@example.org>')).toMatch(/^450 4\.3\.2 /);
      expect(await client.ask('RCPT TO:<bob@example.org>')).toBe(OK);
    });
  });

  it('answers bad addresses with 501, and none of them is an attempt', async () => {
    const lab = new Lab({
      'example.org': {
        behaviors: [does('busy', { stage: 'rcpt' }, { attempts: { from: 1, to: 1 } })],
        mailboxes: { bob: [] },
      },
    });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      for (const line of ['MAIL FROM:a@b.test', 'MAIL FROM:<a', 'MAIL TO:<a@b.test>', 'MAIL']) {
        expect(await client.ask(line), line).toMatch(/^501 /);
      }
      await client.ask('MAIL FROM:<a@b.test>');
      for (const line of [
        'RCPT TO:bob@example.org',
        'RCPT TO:<>',
        'RCPT TO:<bob>',
        'RCPT FROM:<bob@example.org>',
      ]) {
        expect(await client.ask(line), line).toMatch(/^501 /);
      }
      expect(await client.ask('RCPT TO:<bob@example.org>')).toMatch(/^450 /);
    });
  });

  it('does not let a nested MAIL change the transaction', async () => {
    const lab = plain();
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.ask('MAIL FROM:<first@b.test>');
      await client.ask('RCPT TO:<bob@example.org>');
      expect(await client.ask('MAIL FROM:<second@b.test>')).toMatch(/^503 /);
      await client.ask('DATA');
      expect(await client.ask('Hi\r\n.')).toMatch(/^250 /);
    });
    expect(lab.told('message.accepted')).toMatchObject([
      { mailFrom: 'first@b.test', rcpt: 'bob@example.org' },
    ]);
  });

  it('requires another EHLO when the first was rejected', async () => {
    const lab = new Lab({
      'example.org': {
        behaviors: [
          does('reply', { stage: 'ehlo', code: 550, enhanced: '5.7.1', text: 'No' }, { until: 60_000 }),
        ],
      },
    });
    await lab.play(async () => {
      const client = await lab.dial('example.org');
      await client.reply();
      expect(await client.ask('EHLO client.test')).toBe('550 5.7.1 No\r\n');
      expect(await client.ask('HELO client.test')).toBe('550 5.7.1 No\r\n');
      expect(await client.ask('MAIL FROM:<a@b.test>')).toMatch(/^503 /);
      await lab.sleep(60_000);
      expect(await client.ask('HELO client.test')).toBe(
        '250 mx.example.org Nice to meet you, [127.0.0.1]\r\n',
      );
      expect(await client.ask('MAIL FROM:<a@b.test>')).toBe(OK);
    });
  });

  it('answers NOOP, RSET, HELP and VRFY, and rejects unknown commands', async () => {
    const lab = plain();
    await lab.play(async () => {
      const client = await lab.session('example.org');
      expect(await client.ask('NOOP')).toBe('250 OK\r\n');
      expect(await client.ask('noop')).toBe('250 OK\r\n');
      expect(await client.ask('HELP')).toMatch(/^214 /);
      expect(await client.ask('VRFY bob@example.org')).toMatch(/^252 /);
      expect(await client.ask('STARTTLS')).toMatch(/^50[02] /);
      expect(await client.ask('AUTH PLAIN xxx')).toMatch(/^50[02] /);
      expect(await client.ask('WHAT EVER')).toMatch(/^500 /);
      await client.ask('MAIL FROM:<a@b.test>');
      await client.ask('RCPT TO:<bob@example.org>');
      expect(await client.ask('RSET')).toBe('250 Flushed\r\n');
      expect(await client.ask('DATA')).toMatch(/^503 /);
      expect(await client.ask('RCPT TO:<bob@example.org>')).toMatch(/^503 /);
      expect((await client.transaction('bob@example.org')).at(-1)).toMatch(/^250 /);
    });
  });

  it('takes pipelined commands, and several messages on one connection', async () => {
    const lab = plain();
    await lab.play(async () => {
      const client = await lab.session('example.org');
      client.write('MAIL FROM:<a@b.test>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n');
      expect([await client.reply(), await client.reply()]).toEqual([OK, OK]);
      expect(await client.reply()).toMatch(/^354 /);
      client.write('Hi\r\n.\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<carol@example.org>\r\nDATA\r\n');
      expect(await client.reply()).toBe('250 2.0.0 Ok: queued as 1.1\r\n');
      expect([await client.reply(), await client.reply()]).toEqual([OK, OK]);
      expect(await client.reply()).toMatch(/^354 /);
      client.write('Ho\r\n.\r\nQUIT\r\n');
      expect(await client.reply()).toBe('250 2.0.0 Ok: queued as 1.2\r\n');
      expect(await client.reply()).toBe('221 Bye\r\n');
      await client.closed();
    });
    expect(lab.told('message.accepted').map(({ rcpt, size }) => [rcpt, size])).toEqual([
      ['bob@example.org', 4],
      ['carol@example.org', 4],
    ]);
  });

  it('closes an idle connection with 421 after five minutes', async () => {
    const lab = plain();
    await lab.play(async () => {
      const client = await lab.session('example.org');
      const idleFrom = lab.clock.now() - 5;
      expect(await client.reply()).toBe('421 Timeout - closing connection\r\n');
      expect(lab.clock.now() - idleFrom).toBe(300_005);
      await client.closed();
    });
    expect(lab.told('smtp.reply').at(-1)).toMatchObject({ code: 421, stage: 'other' });
  });
});

describe('the log', () => {
  it('has the whole session, with virtual times, as the server saw it', async () => {
    const lab = new Lab({ 'example.org': { mailboxes: { full: [mailboxDoes('mailbox-full')] } } });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.transaction('Full@Example.org', 'news@sender.test');
      await client.ask('RSET');
      await client.transaction('bob@example.org', 'news@sender.test');
      await client.ask('QUIT');
      await client.closed();
    });
    await lab.settle();
    const session = 1;
    const at = { session, domain: 'example.org', host: 'mx.example.org' };
    const reply = (stage: string, code: number, ...lines: string[]): object => ({
      type: 'smtp.reply',
      session,
      stage,
      code,
      lines,
    });
    const command = (line: string): object => ({ type: 'smtp.command', session, line });
    expect(lab.facts.map(({ t: _t, ...fact }) => fact)).toEqual([
      { type: 'connection.opened', ...at, client: '127.0.0.1:49152' },
      reply('connect', 220, 'mx.example.org ESMTP'),
      command('EHLO client.test'),
      reply(
        'ehlo',
        250,
        'mx.example.org Nice to meet you, [127.0.0.1]',
        'PIPELINING',
        '8BITMIME',
        'SMTPUTF8',
      ),
      command('MAIL FROM:<news@sender.test>'),
      reply('mail', 250, 'Accepted'),
      command('RCPT TO:<Full@Example.org>'),
      { ...reply('rcpt', 452, 'Mailbox full'), enhanced: '4.2.2' },
      command('RSET'),
      reply('other', 250, 'Flushed'),
      command('MAIL FROM:<news@sender.test>'),
      reply('mail', 250, 'Accepted'),
      command('RCPT TO:<bob@example.org>'),
      reply('rcpt', 250, 'Accepted'),
      command('DATA'),
      reply('data', 354, 'End data with <CR><LF>.<CR><LF>'),
      {
        type: 'message.accepted',
        ...at,
        mailFrom: 'news@sender.test',
        rcpt: 'bob@example.org',
        size: 'Subject: hello\r\n\r\nHi\r\n'.length,
        placement: 'inbox',
      },
      { ...reply('message', 250, 'Ok: queued as 1.1'), enhanced: '2.0.0' },
      command('QUIT'),
      reply('other', 221, 'Bye'),
      { type: 'connection.closed', session },
    ]);
    expect(lab.facts.map(({ t }) => t).slice(0, 4)).toEqual([5, 5, 15, 15]);
  });

  it('has a reply in its parts: enhanced code once, one text for each line', async () => {
    const lab = new Lab({
      'example.org': {
        behaviors: [
          does('reply', { stage: 'rcpt', code: 550, enhanced: '5.7.26', text: ['first 5.7.26', '', 'last'] }),
        ],
      },
    });
    await lab.play(async () => {
      expect((await lab.attempt('bob@example.org'))[1]).toBe(
        '550-5.7.26 first 5.7.26\r\n550-5.7.26 \r\n550 5.7.26 last\r\n',
      );
    });
    expect(lab.told('smtp.reply').find(({ stage }) => stage === 'rcpt')).toMatchObject({
      code: 550,
      enhanced: '5.7.26',
      lines: ['first 5.7.26', '', 'last'],
    });
  });

  it('has a refused connection without a session', async () => {
    const lab = new Lab({ 'example.org': { behaviors: [does('down')] } });
    await lab.play(async () => {
      const client = await lab.dial('example.org');
      await client.closed();
      expect([client.error, lab.clock.now()]).toEqual(['ECONNREFUSED', 10]);
    });
    expect(lab.facts).toEqual([
      { t: 5, type: 'connection.refused', domain: 'example.org', host: 'mx.example.org', how: 'refused' },
    ]);
  });

  it('numbers the sessions of the whole fleet', async () => {
    const lab = new Lab({ 'a.test': {}, 'b.test': {} });
    await lab.play(async () => {
      const [a, b] = [await lab.session('a.test'), await lab.session('b.test')];
      await a.ask('NOOP');
      await b.ask('NOOP');
    });
    expect(
      lab.told('connection.opened').map(({ session, domain, client }) => [session, domain, client]),
    ).toEqual([
      [1, 'a.test', '127.0.0.1:49152'],
      [2, 'b.test', '127.0.0.1:49153'],
    ]);
  });
});
