// Addresses as they go to a server: A-labels, quoted local parts, and the return path; and contacts that are
// named in another spelling.

import { describe, expect, test } from 'vitest';
import { createSender, memoryStore, type CreateSenderOptions, type RunEvent } from '../../src/index.js';
import { HOUR } from '../support/policies.js';
import { scriptedWorld } from '../support/scripted-server.js';

const NO_UTF8 = '250-mx.example\r\n250 SIZE 10000000\r\n';

/** Mails contacts at a server, which says these capabilities at EHLO. */
async function mailed(addresses: string[], options: CreateSenderOptions = {}, ehlo = NO_UTF8) {
  const events: RunEvent[] = [];
  const asked: string[] = [];
  const { clock, ports, sessions } = scriptedWorld(({ verb }) => (verb === 'EHLO' ? ehlo : undefined));
  const resolver = {
    ...ports.resolver,
    resolveMx: (domain: string) => (asked.push(domain), ports.resolver.resolveMx()),
  };
  const sender = createSender({ ...ports, resolver, onEvent: (event) => events.push(event), ...options });
  for (const address of addresses) sender.addContact({ address });
  sender.send({ name: 'november', message: { subject: 'News', text: 'Hello' } });
  await clock.run({ horizonMs: HOUR, wallLimitMs: 20_000 });
  const lines = sessions.flatMap((session) => session.lines);
  const said = (verb: string): string[] => lines.filter((line) => line.startsWith(verb));
  return { sender, events, asked, said, messages: sessions.flatMap((session) => session.messages) };
}

describe('an internationalized domain', () => {
  test.each([NO_UTF8, '250-mx.example\r\n250 SMTPUTF8\r\n'])(
    'goes to DNS and to the server as A-labels',
    async (ehlo) => {
      const { sender, asked, said } = await mailed(['Bob@bücher.example', 'carol@BÜCHER.example'], {}, ehlo);
      expect(said('RCPT')).toEqual([
        'RCPT TO:<Bob@xn--bcher-kva.example>',
        'RCPT TO:<carol@xn--bcher-kva.example>',
      ]);
      expect(said('MAIL').join()).not.toContain('SMTPUTF8');
      expect(new Set(asked)).toEqual(new Set(['xn--bcher-kva.example']));
      expect(sender.response('november')).toMatchObject({ delivered: 2 });
      expect([...sender.contacts()].map(({ address }) => address)).toEqual([
        'Bob@bücher.example',
        'carol@BÜCHER.example',
      ]);
    },
  );

  test('in the return path and in EHLO is in A-labels too', async () => {
    const { sender, said } = await mailed(['bob@example.org'], {
      returnPathDomain: 'bounces.bücher.example',
      clientName: 'out.bücher.example',
    });
    expect(said('EHLO')).toEqual(['EHLO out.xn--bcher-kva.example']);
    expect(said('MAIL')[0]).toMatch(
      /^MAIL FROM:<bounce\+november\+bob=example\.org\+[a-z2-7]+@bounces\.xn--bcher-kva\.example>/,
    );
    expect(sender.response('november')).toMatchObject({ delivered: 1 });
  });

  test.each(['bounces.xn--a.example', 'bounces example', '', `${'b'.repeat(64)}.example`])(
    'of the return path is checked: %j',
    (returnPathDomain) => {
      expect(() => createSender({ returnPathDomain })).toThrow(/`returnPathDomain` must be a domain/);
    },
  );

  test('with a local part beyond ASCII needs SMTPUTF8', async () => {
    const { said } = await mailed(['jörg@bücher.example'], {}, '250-mx.example\r\n250 SMTPUTF8\r\n');
    expect(said('MAIL')[0]).toContain('SMTPUTF8');
    expect(said('RCPT')).toEqual(['RCPT TO:<jörg@xn--bcher-kva.example>']);
  });
});

test('a local part beyond ASCII is not sent to a server without SMTPUTF8', async () => {
  const { said } = await mailed(['jörg@bücher.example']);
  expect(said('MAIL')).toEqual([]);
});

describe('a quoted local part', () => {
  test.each([
    ['"John Doe"@example.org', 'RCPT TO:<"John Doe"@example.org>'],
    ['"a@b, <c>"@example.org', 'RCPT TO:<"a@b, <c>"@example.org>'],
    ['"a\\"b\\\\c"@example.org', 'RCPT TO:<"a\\"b\\\\c"@example.org>'],
    ['"Bob"@example.org', 'RCPT TO:<Bob@example.org>'],
  ])('%s', async (address, line) => {
    const { said, sender, messages } = await mailed([address]);
    expect(said('RCPT')).toEqual([line]);
    expect(said('MAIL')[0]).toMatch(
      /^MAIL FROM:<bounce\+november\+(~[a-z2-7]{10}|bob=example\.org)\+[a-z2-7]+@/,
    );
    expect(messages[0]).toContain(`To: ${line.slice('RCPT TO:<'.length, -1)}\r\n`);
    expect(sender.response('november')).toMatchObject({ delivered: 1 });
  });

  test.each([
    ['"john doe@example.org', /is not an address: its quote is not closed/],
    [
      `${'b'.repeat(64)}@${'d'.repeat(63)}.${'d'.repeat(63)}.${'d'.repeat(63)}.${'d'.repeat(63)}`,
      /it has 320 octets/,
    ],
    ['bob@xn--a.example', /IDNA does not allow the domain/],
  ])('and what is refused: %s', (address, why) => {
    expect(() => createSender().addContact({ address })).toThrow(why);
  });
});

describe('another spelling names the same contact', () => {
  test('for every call', async () => {
    const store = memoryStore();
    const { sender, events } = await mailed(['bob@bücher.example', '"carol"@example.org'], { store });
    expect(sender.addContact({ address: 'BOB@xn--bcher-kva.example' })).toBe(false);
    expect(sender.addContact({ address: 'carol@example.org' })).toBe(false);
    sender.optOut('bob@XN--BCHER-KVA.example');
    sender.optOut('"car\\ol"@example.org');
    expect([...sender.contacts()].map(({ status }) => status)).toEqual(['opt-out', 'opt-out']);
    sender.subscribe('bob@Bücher.example');
    expect([...sender.journal('bob@bücher.example')].map(({ to }) => to)).toEqual(['opt-out', 'active']);
    expect(events.filter(({ type }) => type === 'contact.added')).toMatchObject([
      { address: 'bob@xn--bcher-kva.example', written: 'bob@bücher.example' },
      { address: 'carol@example.org', written: '"carol"@example.org' },
    ]);
  });

  test.each([
    { domain: 'bücher.example' },
    { domain: 'XN--bcher-kva.example' },
    { addresses: ['bob@xn--bcher-kva.example'] },
    { addresses: ['*@bücher.example'] },
  ])('for a selection: %j', (to) => {
    const { clock, ports } = scriptedWorld(() => undefined);
    const sender = createSender({ ...ports });
    sender.addContact({ address: 'bob@bücher.example' });
    sender.addContact({ address: 'bob@bucher.example' });
    sender.send({ name: 'one', message: { subject: 'News', text: 'Hello' }, to });
    return clock.run({ horizonMs: HOUR, wallLimitMs: 20_000 }).then(() => {
      expect(sender.response('one')).toMatchObject({ recipients: 1, delivered: 1 });
    });
  });
});
