// MAIL and RCPT with quoted local parts (RFC 5321, 4.1.2), and recipients in several spellings, as a server of the
// fleet reads them.

import { expect, test } from 'vitest';
import { Lab, mailboxDoes } from './raw-client.js';

const FLEET = {
  'xn--bcher-kva.example': {
    mailboxes: { 'john doe': [mailboxDoes('mailbox-full')], 'ghost-*': [mailboxDoes('nonexistent-user')] },
  },
};

/** The test's client writes one byte for each character. */
const bytes = (line: string): string => Buffer.from(line).toString('latin1');

test.each([
  ['MAIL FROM:<"my news"@sender.test> SIZE=100', '250'],
  ['MAIL FROM:<"a>b@c"@sender.test>', '250'],
  ['MAIL FROM:<"news@sender.test>', '501'],
  ['MAIL FROM:<"my news"@sender.test', '501'],
])('%s: %s', async (mail, code) => {
  const lab = new Lab(FLEET);
  await lab.play(async () => {
    const client = await lab.session('bücher.example');
    expect((await client.ask(mail)).slice(0, 3)).toBe(code);
  });
});

test.each([
  ['"John Doe"@xn--bcher-kva.example', '452', '"john doe"@xn--bcher-kva.example'],
  ['"john\\ doe"@BÜCHER.example', '452', '"john doe"@xn--bcher-kva.example'],
  ['"ghost-a b"@bücher.example', '550', '"ghost-a b"@xn--bcher-kva.example'],
  ['"ghost-1"@bücher.example', '550', 'ghost-1@xn--bcher-kva.example'],
  ['"bob"@bücher.example', '250', 'bob@xn--bcher-kva.example'],
  ['@relay.test:"a@b"@xn--bcher-kva.example', '250', '"a@b"@xn--bcher-kva.example'],
  ['"open@xn--bcher-kva.example', '501', undefined],
])('RCPT TO:<%s>: %s', async (to, code, rcpt) => {
  const lab = new Lab(FLEET);
  await lab.play(async () => {
    const client = await lab.session('bücher.example');
    await client.ask('MAIL FROM:<news@sender.test>');
    expect((await client.ask(bytes(`RCPT TO:<${to}>`))).slice(0, 3)).toBe(code);
    if (code !== '250') return;
    await client.ask('DATA');
    await client.ask('Subject: hi\r\n\r\nthere\r\n.');
  });
  expect(lab.told('message.accepted').map((event) => event.rcpt)).toEqual(code === '250' ? [rcpt] : []);
});
