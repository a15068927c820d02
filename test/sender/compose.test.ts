// Messages composed once and merged for each contact equal those that nodemailer composes for each contact
// alone. They are parsed by postal-mime.

import { createHash, createVerify, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import type { Contact } from '../../src/sender/model/contact.js';
import { dkimSigner } from '../../src/sender/message/dkim.js';
import { listUnsubscribe } from '../../src/sender/message/list-unsubscribe.js';
import { MergeText } from '../../src/sender/message/merge-fields.js';
import { Composer, type MessageContext } from '../../src/sender/message/composer.js';
import type { Message } from '../../src/sender/model/mailing.js';
import { contactOf } from '../support/contacts.js';

const DATE = new Date(Date.UTC(2026, 0, 1, 12));
const CONTEXT: MessageContext = { mailing: 'news', from: 'news@sender.example', date: DATE };

const contact = (fields: Record<string, string>, address = 'bob@example.org'): Contact => ({
  ...contactOf(address),
  fields,
});

function render(
  message: Partial<Message>,
  to: Contact,
  context: Partial<MessageContext> = {},
): Promise<string> {
  return new Composer(
    { subject: 'S', text: 'T', sizeBytes: 0, ...message },
    { ...CONTEXT, ...context },
  ).render(to);
}

const read = async (raw: string) => {
  const { subject, text, to, messageId, date } = await PostalMime.parse(raw);
  // Whether the parser ends a text with a line feed depends on its transfer encoding.
  return { subject, text: text?.replace(/\n+$/, ''), to: to?.map(({ address }) => address), messageId, date };
};

describe('a message with merge fields', () => {
  test('encodes values: RFC 2047 in the subject, quoted-printable in the body', async () => {
    const raw = await render(
      { subject: 'Grüße, {{name}}', text: 'Liebe {{name}},\n\nwie ist es in {{city}}? =20\n' },
      contact({ name: 'Zoë Łukasz 李', city: 'Köln' }),
    );
    // eslint-disable-next-line no-control-regex
    expect(raw).toMatch(/^[\x00-\x7f]*$/);
    expect(raw).toMatch(/^Content-Transfer-Encoding: quoted-printable\r$/m);
    expect(await read(raw)).toMatchObject({
      subject: 'Grüße, Zoë Łukasz 李',
      text: 'Liebe Zoë Łukasz 李,\n\nwie ist es in Köln? =20',
    });
  });

  test('gets no additional header and no early end from a value', async () => {
    const raw = await render(
      { subject: 'Hi {{name}}', text: 'Dear {{name}}!' },
      contact({ name: 'Bob\r\nBcc: eve@example.org\r\n\r\n.\r\nQUIT' }),
    );
    const parsed = await PostalMime.parse(raw);
    expect(parsed.headers.map(({ key }) => key)).not.toContain('bcc');
    expect(parsed.subject).toBe('Hi Bob Bcc: eve@example.org . QUIT');
    expect(parsed.text?.trimEnd()).toBe('Dear Bob Bcc: eve@example.org . QUIT!');
  });

  test('uses the fallback of a field that the contact lacks', () => {
    const text = new MergeText('{{name|friend}} of {{ City | your town }}, {{name}}, {{email}}, {{x}} {{ }}');
    expect(text.for(contactOf('bob@example.org'))).toBe(
      'bob of your town, bob, bob@example.org, {{x}} {{ }}',
    );
    expect(text.for(contact({ name: 'Bob', city: 'Ulm', x: '{{name}}' }))).toBe(
      'Bob of Ulm, Bob, bob@example.org, {{name}} {{ }}',
    );
    expect(text.fields()).toEqual(['name', 'city', 'name', 'email', 'x']);
    expect(text.fields({ withoutFallback: true })).toEqual(['name', 'email', 'x']);
    expect(new MergeText('{{constructor}}').for(contact({}))).toBe('{{constructor}}');
  });

  test('never has a line of more than 76 characters in its body, nor of 998 anywhere', async () => {
    const long = 'ä'.repeat(3000);
    const raw = await render({ subject: '{{name}}', text: '{{name}} and {{name}}' }, contact({ name: long }));
    const [head = '', body = ''] = raw.split('\r\n\r\n');
    for (const line of body.split('\r\n')) expect(line.length).toBeLessThanOrEqual(76);
    for (const line of head.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998);
    expect((await read(raw)).text?.trimEnd()).toBe(`${long} and ${long}`);
  });

  const words = fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .map((text) => text.replace(/[\p{C}{}]/gu, '-'));
  const template = fc
    .array(fc.oneof(words, fc.constantFrom('{{name}}', '{{ city | nowhere }}', '{{email}}')), {
      maxLength: 8,
    })
    .map((parts) => parts.join(''));

  test('equals what nodemailer composes for the contact alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        template,
        fc.array(template, { maxLength: 6 }),
        words,
        fc.option(words, { nil: undefined }),
        fc.constantFrom(0, 500),
        async (subject, lines, name, city, sizeBytes) => {
          const text = lines.join('\n');
          const to = contact({ name, ...(city === undefined ? {} : { city }) });
          const merged = await read(await render({ subject, text, sizeBytes }, to));
          const alone = await new MailComposer({
            from: CONTEXT.from,
            to: to.address,
            subject: new MergeText(subject).for(to),
            text: new MergeText(text).for(to),
            date: DATE,
            messageId: merged.messageId!,
          })
            .compile()
            .build();
          const expected = await read(alone.toString('utf8'));
          if (sizeBytes > 0) expect(merged.text?.startsWith(expected.text ?? '')).toBe(true);
          expect({ ...merged, text: sizeBytes > 0 ? '' : merged.text }).toEqual({
            ...expected,
            text: sizeBytes > 0 ? '' : expected.text,
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('List-Unsubscribe', () => {
  test('has the address of the contact, and offers one click for https', async () => {
    const to = contact({}, 'a+b@example.org');
    const mail = await render({}, to, {
      unsubscribe: listUnsubscribe('mailto:leave@sender.example?subject={{email}}'),
    });
    expect(mail).toMatch(
      /^List-Unsubscribe: <mailto:leave@sender\.example\?subject=a%2Bb%40example\.org>\r$/m,
    );
    expect(mail).not.toContain('One-Click');
    const web = await render({}, to, {
      unsubscribe: listUnsubscribe('https://sender.example/leave?{{email}}'),
    });
    expect(web).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n/m);
    expect((await read(web)).text?.trim()).toBe('T');
    expect(await render({}, to)).not.toContain('List-Unsubscribe');
  });

  test('has the values of a contact percent-encoded', async () => {
    const to = contact({ id: '1>,<mailto:eve@example.org' });
    const mail = await render({}, to, { unsubscribe: listUnsubscribe('https://sender.example/?id={{id}}') });
    expect(mail).toMatch(
      /^List-Unsubscribe: <https:\/\/sender\.example\/\?id=1%3E%2C%3Cmailto%3Aeve%40example\.org>\r$/m,
    );
  });

  test.each([
    'leave@sender.example',
    'http://sender.example/',
    'https://a.test/ b',
    'mailto:a@b.test>, <x:y',
  ])('is refused as %j', (address) => {
    expect(() => listUnsubscribe(address)).toThrow(
      expect.objectContaining({
        code: 'E_USAGE',
        message: `\`${address}\` is not an address for List-Unsubscribe`,
      }) as Error,
    );
  });
});

describe('DKIM', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const dkim = {
    domain: 'sender.example',
    selector: 's1',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
  const sign = dkimSigner(dkim);
  const relaxed = (value: string): string =>
    value
      .replace(/\r\n/g, '')
      .replace(/[ \t]+/g, ' ')
      .trim();

  /** Verifies a signature as RFC 6376 says, relaxed/relaxed. */
  function isSigned(raw: string): boolean {
    const [head = '', ...rest] = raw.split('\r\n\r\n');
    const body = `${rest
      .join('\r\n\r\n')
      .split('\r\n')
      .map((line) => line.replace(/[ \t]+/g, ' ').trimEnd())
      .join('\r\n')
      .replace(/(\r\n)*$/, '')}\r\n`;
    const headers = head.split(/\r\n(?![ \t])/).map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1)] as const;
    });
    const signature = headers.find(([name]) => name === 'dkim-signature')![1];
    const tags = Object.fromEntries(
      relaxed(signature)
        .split(';')
        .map((tag) => [tag.split('=')[0]!.trim(), tag.slice(tag.indexOf('=') + 1).replace(/\s/g, '')]),
    ) as Record<string, string>;
    if (createHash('sha256').update(body).digest('base64') !== tags['bh']) return false;
    const lines = tags['h']!.toLowerCase()
      .split(':')
      .flatMap((name) => {
        const value = headers.filter(([key]) => key === name).at(-1);
        return value ? [`${name}:${relaxed(value[1])}`] : [];
      });
    lines.push(`dkim-signature:${relaxed(signature.replace(/(;\s*b=)[^;]*/, '$1'))}`);
    return createVerify('sha256').update(lines.join('\r\n')).verify(publicKey, tags['b']!, 'base64');
  }

  test('signs the message of each contact, with the same signature at every attempt', async () => {
    const message = { subject: 'Grüße {{name}}', text: 'Dear {{name}},\n\n  hello  there \n\n\n' };
    const raw = await render(message, contact({ name: 'Zoë' }), { sign });
    expect(raw).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=sender\.example;/);
    expect(isSigned(raw)).toBe(true);
    expect(isSigned(raw.replace('Dear', 'Deer'))).toBe(false);
    expect(isSigned(raw.replace('To: bob@', 'To: eve@'))).toBe(false);
    expect(await render(message, contact({ name: 'Zoë' }), { sign })).toBe(raw);
    expect(await render(message, contact({ name: 'Eve' }), { sign })).not.toBe(raw);
  });

  test('signs both List-Unsubscribe fields, as RFC 8058 requires', async () => {
    const unsubscribe = listUnsubscribe('https://sender.example/leave?{{email}}');
    const raw = await render({}, contact({}), { sign, unsubscribe });
    expect(isSigned(raw)).toBe(true);
    expect(isSigned(raw.replace('/leave?', '/stay?'))).toBe(false);
    expect(isSigned(raw.replace('=One-Click', '=Two-Clicks'))).toBe(false);
  });

  const elliptic = generateKeyPairSync('ed25519').privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
  test.each([
    ['no key', 'secret'],
    ['the public half', publicKey.export({ type: 'spki', format: 'pem' }) as string],
    ['a key of another kind', elliptic],
  ])('refuses %s, which would leave messages unsigned', (_, key) => {
    expect(() => dkimSigner({ ...dkim, privateKey: key })).toThrow(
      expect.objectContaining({
        code: 'E_USAGE',
        message: 'the DKIM key of s1._domainkey.sender.example cannot sign',
      }) as Error,
    );
  });
});
