// Messages: the same for every attempt, different for each contact, and received as written.

import { describe, expect, test } from 'vitest';
import { Composer } from '../../src/sender/message/composer.js';
import type { Message } from '../../src/sender/model/mailing.js';
import { contactOf } from '../support/contacts.js';
import { HOUR, policy } from '../support/policies.js';
import { sendTo, type Scripted, type ScriptedOptions } from '../support/scripted-server.js';

const DATE = new Date(Date.UTC(2026, 0, 1, 12));

function composer(message: Partial<Message>): Composer {
  return new Composer(
    { subject: 'News', text: 'Hello', sizeBytes: 0, ...message },
    { mailing: 'news', from: 'news@sender.example', date: DATE },
  );
}

async function composed(message: Partial<Message>, address = 'bob@example.org'): Promise<string> {
  return composer(message).render(contactOf(address));
}

function header(text: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, 'im').exec(text)?.[1];
}

describe('a message', () => {
  test('has the headers of RFC 5322, with the date it was given', async () => {
    const text = await composed({});
    expect(header(text, 'From')).toBe('news@sender.example');
    expect(header(text, 'To')).toBe('bob@example.org');
    expect(header(text, 'Subject')).toBe('News');
    expect(header(text, 'Date')).toBe('Thu, 01 Jan 2026 12:00:00 +0000');
  });

  test('differs between contacts only in To and Message-ID', async () => {
    const one = composer({});
    const texts = await Promise.all(
      ['bob@example.org', 'eve@example.com'].map((to) => one.render(contactOf(to))),
    );
    const rest = texts.map((text) => text.split('\r\n').filter((line) => !/^(To|Message-ID):/.test(line)));
    expect(rest[0]).toEqual(rest[1]);
    expect(texts[0]).not.toBe(texts[1]);
    expect(texts.join('')).not.toContain('placeholder');
  });

  test('keeps the case of the address', async () => {
    expect(header(await composed({}, 'Bob.B@Example.org'), 'To')).toBe('Bob.B@Example.org');
  });

  test('has its merge fields filled in, in subject and text', async () => {
    const text = await composed({
      subject: 'Hello {{name}}',
      text: 'Dear {{ name }}, you are {{email}}. {{other}}',
    });
    expect(header(text, 'Subject')).toBe('Hello bob');
    expect(text).toContain('Dear bob, you are bob@example.org. {{other}}');
  });

  test('keeps a dollar sign in the address', async () => {
    const text = await composed({ text: 'You are {{email}}' }, "$&$1'@example.org");
    expect(text).toContain("You are $&$1'@example.org");
    expect(header(await composed({}, "$&$1'@example.org"), 'To')).toContain('$&$1');
  });

  test('has one Message-ID for each contact and mailing', async () => {
    const addresses = [
      'bob@example.org',
      'eve@example.org',
      'a@b.at.example.org',
      'a.at.b@example.org',
      'a=b@example.org',
    ];
    const ids = await Promise.all(addresses.map(async (to) => header(await composed({}, to), 'Message-ID')));
    expect(new Set(ids).size).toBe(addresses.length);
    for (const id of ids) expect(id).toMatch(/^<news\.[^@<>\s]+@sender\.example>$/);
    expect(header(await composed({}), 'Message-ID')).toBe(ids[0]);
    expect(header(await composed({ text: '{{name}}' }), 'Message-ID')).toBe(ids[0]);
  });

  test.each([0, 100, 1000, 100_000])(
    'is padded to %i bytes of text, and never shortened',
    async (sizeBytes) => {
      const text = await composed({ text: 'Hello', sizeBytes });
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      expect(body.startsWith('Hello')).toBe(true);
      const least = Math.max(5, sizeBytes);
      expect(body.length).toBeGreaterThanOrEqual(least);
      // Line ends are two bytes on the wire and one in the text.
      expect(body.length).toBeLessThanOrEqual(least * 1.03 + 10);
    },
  );

  test('can have a subject and a text beyond ASCII', async () => {
    const text = await composed({ subject: 'Grüße, 世界', text: 'Füße – 世界' });
    expect(Buffer.byteLength(text)).toBe(text.length);
    const words = header(text, 'Subject')!.match(/=\?UTF-8\?[BQ]\?.*?\?=/gi)!;
    expect(words.map(decodeWord).join('')).toBe('Grüße, 世界');
    expect(decodeBody(text)).toBe('Füße – 世界');
  });
});

describe('over SMTP', () => {
  const send = (options: ScriptedOptions): Promise<Scripted> => sendTo(() => undefined, options);

  test('lines that begin with dots arrive unchanged', async () => {
    const text = ['.', '..', '...', '.text', 'a.', '', '. .', '.'].join('\r\n');
    const { sessions } = await send({ text });
    const message = sessions[0]!.messages[0]!;
    expect(message.slice(message.indexOf('\r\n\r\n') + 4).trimEnd()).toBe(text);
    expect(sessions[0]!.lines.filter((line) => line === '.')).toHaveLength(1);
  });

  test('dots at line starts arrive unchanged wherever a long message is divided into blocks', async () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `.line number ${index}`).join('\r\n');
    const { sessions } = await send({ text });
    const message = sessions[0]!.messages[0]!;
    // Not toBe, whose diff would have thousands of lines.
    expect(message.slice(message.indexOf('\r\n\r\n') + 4).trimEnd() === text).toBe(true);
  });

  test('every attempt of a delivery sends the same bytes', async () => {
    const { sessions } = await sendTo(({ verb }) => (verb === '.' ? '451 later\r\n' : undefined), {
      policy: policy({ retry: { intervalsMs: [HOUR] } }),
    });
    const messages = sessions.flatMap((session) => session.messages);
    expect(messages).toHaveLength(4);
    expect(new Set(messages).size).toBe(1);
  });

  test('the date is that of the virtual day on which the mailing began', async () => {
    const { sessions } = await send({});
    expect(header(sessions[0]!.messages[0]!, 'Date')).toBe('Thu, 01 Jan 2026 00:00:00 +0000');
  });

  test('bytes beyond ASCII arrive unchanged', async () => {
    const { sessions } = await send({ text: 'Füße – 世界 '.repeat(5000) });
    expect(decodeBody(sessions[0]!.messages[0]!)).toBe('Füße – 世界 '.repeat(5000).trimEnd());
  });
});

function decodeWord(word: string): string {
  const [, , encoding, text] = word.split('?') as [string, string, string, string];
  if (encoding.toUpperCase() === 'B') return Buffer.from(text, 'base64').toString('utf8');
  return fromQuotedPrintable(text.replaceAll('_', ' '));
}

function decodeBody(text: string): string {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  const encoding = header(text, 'Content-Transfer-Encoding')?.toLowerCase();
  const decoded =
    encoding === 'base64' ? Buffer.from(body, 'base64').toString('utf8') : fromQuotedPrintable(body);
  return decoded.trimEnd();
}

function fromQuotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
