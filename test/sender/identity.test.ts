// How a sender identifies itself: in EHLO and MAIL, and in the headers of its messages.

import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { run } from '../support/runs.js';
import { sendTo } from '../support/scripted-server.js';

/** The command lines and the header of the one message that was sent. */
async function said(sender: Parameters<typeof sendTo>[1]) {
  const { sessions } = await sendTo(() => undefined, sender);
  const [{ lines, messages }] = sessions as [(typeof sessions)[0]];
  const header = messages[0]!.slice(0, messages[0]!.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  return { lines, header: header.split('\r\n') };
}

test('by default only names under example domains', async () => {
  const { lines, header } = await said({});
  expect(lines.slice(0, 2)).toEqual([
    'EHLO sender.example',
    expect.stringMatching(/^MAIL FROM:<bounce\+news\+.*@return\.sender\.example>/),
  ]);
  expect(header).toContain('From: news@sender.example');
  expect(header.filter((line) => /^(List-|DKIM-)/.test(line))).toEqual([]);
});

test('the names and headers of its options', async () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const { lines, header } = await said({
    sender: {
      clientName: 'out.shop.test',
      from: 'Shop <post@shop.test>',
      returnPathDomain: 'return.shop.test',
      listUnsubscribe: 'https://shop.test/leave?who={{email}}',
      dkim: { domain: 'shop.test', selector: 'november', privateKey },
    },
  });
  expect(lines.slice(0, 2)).toEqual([
    'EHLO out.shop.test',
    expect.stringMatching(/^MAIL FROM:<bounce\+news\+.*@return\.shop\.test>/),
  ]);
  expect(header).toContain('From: Shop <post@shop.test>');
  expect(header).toContain('List-Unsubscribe: <https://shop.test/leave?who=bob%40example.org>');
  expect(header[0]).toMatch(/^DKIM-Signature: .*d=shop\.test;.* s=november;/);
});

test('the tag in return paths depends on the seed', async () => {
  const tags = new Set<string>();
  for (const seed of ['1', '2', '3']) {
    const { events } = await run({ seed });
    const { line } = events.commands('MAIL')[0]!;
    tags.add(/^MAIL FROM:<bounce\+news\+bob=example\.org\+([a-z2-7]{10})@/.exec(line)![1]!);
  }
  expect(tags.size).toBe(3);
});
