// The receiving network as a whole: names, addresses, and hosts that share nothing.

import { expect, it } from 'vitest';
import { does, Lab, mailboxDoes } from './raw-client.js';

it('gives every domain of the fleet one MX host with an address of its own in 127/8', async () => {
  const lab = new Lab({ default: {} });
  const addresses = new Set<string>();
  for (let i = 0; i < 600; i++) {
    const [mx] = await lab.world.dns.resolveMx(`d${i}.test`);
    expect(mx).toEqual({ exchange: `mx.d${i}.test`, preference: 10 });
    const [address] = await lab.world.dns.resolve4(mx!.exchange);
    expect(address).toMatch(/^127\.(\d+)\.(\d+)\.(\d+)$/);
    const parts = address!.split('.').map(Number);
    expect(parts.every((part) => part >= 0 && part <= 255)).toBe(true);
    expect(parts[3] === 0 || parts[3] === 255).toBe(false);
    addresses.add(address!);
  }
  expect(addresses.size).toBe(600);
  expect([...addresses][0]).toBe('127.1.0.1');
});

it('knows a domain in any case as one host', async () => {
  const lab = new Lab({ 'example.org': {} });
  const [a] = await lab.world.dns.resolveMx('example.org');
  const [b] = await lab.world.dns.resolveMx('EXAMPLE.org');
  expect(a).toEqual(b);
});

it('says ENOTFOUND for what does not exist, as node:dns does', async () => {
  const lab = new Lab({ 'example.org': {} });
  await expect(lab.world.dns.resolveMx('nowhere.test')).rejects.toMatchObject({
    code: 'ENOTFOUND',
    syscall: 'queryMx',
  });
  await expect(lab.world.dns.resolve4('mx.nowhere.test')).rejects.toMatchObject({
    code: 'ENOTFOUND',
    syscall: 'queryA',
  });
});

it.each([
  ['an address outside the fleet', '192.0.2.1', 25],
  ['an address of the fleet that nobody has', '127.1.0.9', 25],
  ['another port', '127.1.0.1', 587],
])('refuses a connection to %s', async (_what, address, port) => {
  const lab = new Lab({ 'example.org': {} });
  await lab.world.dns.resolveMx('example.org');
  const error = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
    lab.world.dial(address, port).once('error', resolve);
    lab.settle().catch(reject);
  });
  expect(error.code).toBe('ECONNREFUSED');
  expect(lab.clock.now()).toBe(10);
});

it('keeps hosts apart: counters, greylists, mailboxes and behaviors', async () => {
  const domain = {
    behaviors: [does('greylist', { for: '1h' })],
    mailboxes: { carol: [mailboxDoes('mailbox-full', {}, { attempts: { from: 1, to: 1 } })] },
  };
  const lab = new Lab({ 'a.test': domain, 'b.test': domain });
  const seen: string[] = [];
  const attempt = async (to: string): Promise<void> => {
    seen.push((await lab.attempt(to)).at(-1)!.slice(0, 3));
  };
  await lab.play(async () => {
    await attempt('bob@a.test');
    await attempt('carol@a.test');
    await lab.sleep(3_600_000);
    await attempt('bob@a.test');
    await attempt('bob@b.test');
    await attempt('carol@b.test');
  });
  expect(seen).toEqual(['451', '452', '250', '451', '452']);
});

it('carries many sessions at once without mixing them up', async () => {
  const lab = new Lab({ default: {} });
  await lab.play(async () => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const replies = await lab.attempt(`r${i}@d${i % 7}.test`);
        expect(replies.at(-1)).toMatch(/^250 2\.0\.0 Ok/);
      }),
    );
  });
  await lab.settle();
  const accepted = lab.told('message.accepted');
  expect(accepted.map(({ rcpt }) => rcpt).sort()).toEqual(
    Array.from({ length: 100 }, (_, i) => `r${i}@d${i % 7}.test`).sort(),
  );
  for (const { rcpt, domain } of accepted) expect(rcpt.endsWith(`@${domain}`)).toBe(true);
  expect(lab.told('connection.closed')).toHaveLength(100);
  expect(lab.clock.pending()).toBe(0);
});
