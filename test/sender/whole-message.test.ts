// Whole messages as a server receives them, for every form of every option, held against RFC 5322 and against a
// parser that shares nothing with this project: Python's email under its strict policy.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createSender, type CreateSenderOptions } from '../../src/index.js';
import type { Message } from '../../src/sender/model/mailing.js';
import type { NewContact } from '../../src/sender/model/contact.js';
import { HOUR } from '../support/policies.js';
import { scriptedWorld } from '../support/scripted-server.js';

const PARSER = fileURLToPath(new URL('../support/strict-email.py', import.meta.url));
const DKIM = {
  domain: 'sender.example',
  selector: 's1',
  privateKey: generateKeyPairSync('rsa', { modulusLength: 1024 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
};

interface Read {
  faults: string[];
  from: [name: string, address: string];
  to: string;
  subject: string;
  messageId: string;
  text: string;
  fields: string[];
}

/** Python is needed: without it these tests fail. */
function strictly(messages: readonly string[]): Read[] {
  const input = JSON.stringify(messages.map((message) => Buffer.from(message).toString('base64')));
  return JSON.parse(execFileSync('python3', [PARSER], { input, encoding: 'utf8' })) as Read[];
}

interface Case {
  message?: Partial<Message>;
  sender?: CreateSenderOptions;
  contact?: NewContact;
}

/** The message of one mailing to one contact, as the server received it. */
async function received({ message = {}, sender = {}, contact = { address: 'bob@example.org' } }: Case) {
  const { clock, ports, sessions } = scriptedWorld(() => undefined);
  const mailer = createSender({ ...ports, ...sender });
  mailer.addContact(contact);
  mailer.send({ name: 'november', message: { subject: 'News', text: 'Hello', ...message } });
  await clock.run({ horizonMs: HOUR, wallLimitMs: 20_000 });
  clock.uninstall();
  return `${sessions[0]!.messages[0]!}\r\n`;
}

async function read(given: Case): Promise<Read> {
  return strictly([await received(given)])[0]!;
}

describe('From and Message-ID', () => {
  test.each<[from: string, name: string, address: string]>([
    ['news@sender.example', '', 'news@sender.example'],
    ['<news@sender.example>', '', 'news@sender.example'],
    ['News <news@sender.example>', 'News', 'news@sender.example'],
    ['"News, weekly" <news@sender.example>', 'News, weekly', 'news@sender.example'],
    ['"The \\"News\\"" <news@sender.example>', 'The "News"', 'news@sender.example'],
    ['news@sender.example (News)', 'News', 'news@sender.example'],
    ['Grüße aus Köln <news@sender.example>', 'Grüße aus Köln', 'news@sender.example'],
    [
      `${'Very long name '.repeat(20)}<news@sender.example>`,
      'Very long name '.repeat(20).trim(),
      'news@sender.example',
    ],
    [`${'Ä'.repeat(200)} <news@sender.example>`, 'Ä'.repeat(200), 'news@sender.example'],
    ['News <news@bücher.example>', 'News', 'news@xn--bcher-kva.example'],
    ['News <"the news"@sender.example>', 'News', '"the news"@sender.example'],
    ['News <News.Weekly@Sender.Example>', 'News', 'News.Weekly@Sender.Example'],
  ])('%s', async (from, name, address) => {
    const { faults, ...found } = await read({ sender: { from } });
    expect(faults).toEqual([]);
    // Python before 3.13 keeps the white space between encoded words of a phrase.
    const joined = /^Ä/.test(name) ? found.from[0].replaceAll(' ', '') : found.from[0];
    expect([joined, found.from[1].toLowerCase()]).toEqual([name, address.toLowerCase()]);
    const domain = address.slice(address.lastIndexOf('@') + 1);
    expect(found.messageId).toBe(`<november.bob=example.org@${domain}>`);
  });

  test.each([
    'News',
    '',
    'a@x.example, b@y.example',
    'Team: a@x.example;',
    'a@b@x.example',
    'news@-.example',
  ])('`%s` is refused, since it is not one mailbox', (from) => {
    expect(() => createSender({ from })).toThrow(/`from` must be one mailbox/);
  });

  test.each([
    ['bob+news@example.org', '<november.bob%2Bnews=example.org@sender.example>'],
    ['"john doe"@example.org', '<november.%22john%20doe%22=example.org@sender.example>'],
    ['bob..smith@example.org', '<november.bob.%2Esmith=example.org@sender.example>'],
    ['.bob.@example.org', '<november.%2Ebob%2E=example.org@sender.example>'],
    ['"a(b)c"@example.org', '<november.%22a%28b%29c%22=example.org@sender.example>'],
    ['a=b@bücher.example', '<november.a%3Db=xn--bcher-kva.example@sender.example>'],
  ])('Message-ID for %s', async (address, messageId) => {
    const raw = await received({ contact: { address } });
    expect(/^Message-ID: (.*)\r$/m.exec(raw)![1]).toBe(messageId);
  });
});

describe('To', () => {
  test.each([
    ['bob@example.org', 'bob@example.org'],
    ['"john doe"@example.org', '"john doe"@example.org'],
    ['"a@b, <c>:;"@example.org', '"a@b, <c>:;"@example.org'],
    ['bob@bücher.example', 'bob@xn--bcher-kva.example'],
    [`${'b'.repeat(64)}@${'d'.repeat(63)}.${'e'.repeat(63)}.${'f'.repeat(61)}`, undefined],
  ])('%s', async (address, to = address) => {
    const found = await read({ contact: { address } });
    expect(found.faults).toEqual([]);
    expect(found.to).toBe(to);
  });
});

const LONG_WORD = 'x'.repeat(1500);
const LONG = 'A subject of many words, '.repeat(60).trim();

describe('Subject', () => {
  test.each([
    'News',
    '',
    'Grüße',
    'Grüße an alle, '.repeat(40).trim(),
    '日本語の件名'.repeat(60),
    '👩‍👩‍👧 '.repeat(80).trim(),
    LONG,
    LONG_WORD,
    `A ${LONG_WORD} b`,
    '=?utf-8?q?not_encoded?=',
    'tab\tinside',
  ])('%j', async (subject) => {
    for (const given of [subject, `${subject}{{mark}}`]) {
      const contact = { address: 'bob@example.org', fields: { mark: '' } };
      const found = await read({ message: { subject: given }, contact });
      expect(found.faults).toEqual([]);
      expect(found.subject).toBe(subject);
    }
  });

  test.each(['Zoë', LONG_WORD, 'Bob\r\nBcc: eve@example.org', 'ä'.repeat(3000), '=?utf-8?q?x?=', ''])(
    'of a merge field with the value %j',
    async (name) => {
      const contact = { address: 'bob@example.org', fields: { name } };
      const found = await read({ message: { subject: 'For {{name}}!', text: 'Dear {{name}}' }, contact });
      expect(found.faults).toEqual([]);
      expect(found.subject).toBe(`For ${name.replace(/[\r\n]+/g, ' ')}!`);
      expect(found.fields).not.toContain('bcc');
    },
  );
});

describe('text', () => {
  test.each([
    'Hello',
    '',
    'Grüße\n\nund tschüß\n',
    'one\r\ntwo\rthree\n',
    LONG_WORD,
    `${'ä'.repeat(2000)}\n`,
    '.\n..\n.a\nFrom me\n',
    'trailing   \n\ttabs\t\n',
    '\u0000\u0007\u001b[31m',
  ])('%j', async (text) => {
    for (const [given, sizeBytes] of [
      [text, 0],
      [`${text}{{mark}}`, 0],
      [text, 5000],
      [`${text}{{mark}}`, 5000],
    ] as const) {
      const contact = { address: 'bob@example.org', fields: { mark: '' } };
      const found = await read({ message: { text: given, sizeBytes }, contact });
      expect(found.faults).toEqual([]);
      const lines = text.replace(/\r\n?/g, '\n').trimEnd();
      expect(found.text.replace(/\r\n?/g, '\n').slice(0, lines.length)).toBe(lines);
    }
  });
});

describe('List-Unsubscribe and DKIM', () => {
  test.each<[string, CreateSenderOptions, string[]]>([
    ['mailto', { listUnsubscribe: 'mailto:leave@sender.example?subject={{email}}' }, ['list-unsubscribe']],
    [
      'https',
      { listUnsubscribe: 'https://sender.example/leave?who={{email}}&name={{name}}' },
      ['list-unsubscribe', 'list-unsubscribe-post'],
    ],
    ['a signature', { dkim: DKIM }, ['dkim-signature']],
    [
      'all of them',
      { listUnsubscribe: 'https://sender.example/{{email}}', dkim: { ...DKIM, domain: 'bücher.example' } },
      ['list-unsubscribe', 'list-unsubscribe-post', 'dkim-signature'],
    ],
  ])('%s', async (_name, sender, fields) => {
    for (const address of ['bob@example.org', '"john doe"@bücher.example']) {
      const contact = { address, fields: { name: 'Zoë '.repeat(100) } };
      const found = await read({ sender, contact, message: { subject: 'Grüße {{name}}' } });
      expect(found.faults).toEqual([]);
      expect(found.fields).toEqual(expect.arrayContaining(fields));
    }
  });

  test.each(['https://bücher.example/{{email}}', 'https://sender.example/grüße', 'mailto:a\r\nBcc: b'])(
    'an address that a header cannot contain is refused: %j',
    (listUnsubscribe) => {
      expect(() => createSender({ listUnsubscribe })).toThrow(/is not an address for List-Unsubscribe/);
    },
  );
});

test('the strict parser finds what is wrong', () => {
  const good =
    'From: a@b.example\r\nTo: b@c.example\r\nDate: Sat, 1 Nov 2025 00:00:00 +0000\r\nMessage-ID: <a@b>\r\n';
  const rest = 'Subject: x\r\n\r\nHi\r\n';
  const faults = strictly([
    `${good}${rest}`,
    `${good.replace('<a@b>', '<a@b>>')}${rest}`,
    `${good}From: c@d.example\r\n${rest}`,
    `${good}${rest}${'x'.repeat(999)}\r\n`,
    `${good}X: ü\r\n${rest}`,
    `${good}${rest.replace('Hi\r\n', 'Hi\n')}`,
    `${good.replace('a@b.example', 'a b@c')}${rest}`,
  ]).map((one) => one.faults.length > 0);
  expect(faults).toEqual([false, true, true, true, true, true, true]);
});
