// The receiving network as a whole: names, addresses, and hosts that are independent of one another.

import { describe, expect, it } from 'vitest';
import type { MailExchanger } from '../../src/simulator/dns.js';
import type { DnsAnswer, HostPlan } from '../../src/simulator/plan.js';
import { does, Lab, mailboxDoes } from './raw-client.js';

it('gives every domain of the fleet one MX host with a separate address in 127/8', async () => {
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

it('ignores the case of a domain', async () => {
  const lab = new Lab({ 'example.org': {} });
  const [a] = await lab.world.dns.resolveMx('example.org');
  const [b] = await lab.world.dns.resolveMx('EXAMPLE.org');
  expect(a).toEqual(b);
});

it('fails with ENOTFOUND for what does not exist, as node:dns does', async () => {
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

const host = (name: string, more: Partial<HostPlan> = {}): HostPlan => ({
  name,
  preference: 10,
  hasAddress: true,
  behaviors: [],
  ...more,
});

describe('the DNS of a domain', () => {
  const codeOf = (look: Promise<unknown>): Promise<unknown> =>
    look.catch((error: unknown) => (error as NodeJS.ErrnoException).code);

  it.each<[DnsAnswer, string, unknown, string, unknown]>([
    ['a-only', 'MX', 'ENODATA', 'A', ['127.1.0.1']],
    ['null-mx', 'MX', [{ exchange: '', preference: 0 }], 'A', 'ENODATA'],
    ['nxdomain', 'MX', 'ENOTFOUND', 'A', 'ENOTFOUND'],
    ['servfail', 'MX', 'ESERVFAIL', 'A', 'ESERVFAIL'],
    ['timeout', 'MX', 'ETIMEOUT', 'A', 'ETIMEOUT'],
    ['mx', 'MX', [{ exchange: 'mx.example.org', preference: 10 }], 'A', 'ENODATA'],
  ])('that is %s: %s says %j, %s says %j', async (answer, _mx, mx, _a, address) => {
    const lab = new Lab({ 'example.org': { dns: { answer } } });
    await lab.play(async () => {
      expect(await codeOf(lab.world.dns.resolveMx('example.org'))).toEqual(mx);
      expect(await codeOf(lab.world.dns.resolve4('Example.org'))).toEqual(address);
    });
    expect(lab.clock.now()).toBe(answer === 'timeout' ? 30_000 : 0);
    expect(lab.told('dns.answered').map(({ query, name, domain }) => [query, name, domain])).toEqual([
      ['MX', 'example.org', 'example.org'],
      ['A', 'example.org', 'example.org'],
    ]);
  });

  it('changes at its time', async () => {
    const lab = new Lab({
      'a.test': { dns: { answer: 'servfail', until: 1000 } },
      'b.test': { dns: { answer: 'a-only', during: { from: 1000, to: 2000 } } },
    });
    const seen: unknown[] = [];
    await lab.play(async () => {
      for (const at of [0, 999, 1000, 1999, 2000]) {
        await lab.sleep(at - lab.clock.now());
        for (const domain of ['a.test', 'b.test']) {
          const found = await codeOf(lab.world.dns.resolveMx(domain));
          seen.push(typeof found === 'string' ? found : (found as MailExchanger[])[0]!.exchange);
        }
      }
    });
    expect(seen).toEqual([
      ...['ESERVFAIL', 'mx.b.test', 'ESERVFAIL', 'mx.b.test', 'mx.a.test'],
      ...['ENODATA', 'mx.a.test', 'ENODATA', 'mx.a.test', 'mx.b.test'],
    ]);
  });

  it('names several hosts, one of them without address', async () => {
    const lab = new Lab({
      'example.org': {
        hosts: [host('mx1', { preference: 5 }), host('mx.provider.test', { hasAddress: false })],
      },
      default: { hosts: [host('in')] },
    });
    const { dns } = lab.world;
    expect(await codeOf(dns.resolve4('mx1.example.org'))).toEqual(['127.1.0.1']);
    expect(await dns.resolveMx('example.org')).toEqual([
      { exchange: 'mx1.example.org', preference: 5 },
      { exchange: 'mx.provider.test', preference: 10 },
    ]);
    expect(await codeOf(dns.resolve4('mx.provider.test'))).toBe('ENODATA');
    expect(await dns.resolveMx('other.test')).toEqual([{ exchange: 'in.other.test', preference: 10 }]);
    expect(await codeOf(dns.resolve4('in.other.test'))).toEqual(['127.1.0.2']);
    expect(lab.told('dns.answered').map(({ domain, records, error }) => [domain, records ?? error])).toEqual([
      ['example.org', ['127.1.0.1']],
      ['example.org', ['5 mx1.example.org', '10 mx.provider.test']],
      ['example.org', 'ENODATA'],
      ['other.test', ['10 in.other.test']],
      ['other.test', ['127.1.0.2']],
    ]);
  });
});

describe('several hosts of a domain', () => {
  it('share mailboxes and behaviors, can have more, and count separately', async () => {
    const lab = new Lab({
      'example.org': {
        hosts: [
          host('mx1', { behaviors: [does('mailbox-full', { permanent: true }, { until: 1000 })] }),
          host('mx2'),
        ],
        mailboxes: { carol: [mailboxDoes('nonexistent-user')] },
        behaviors: [does('busy', { stage: 'rcpt' }, { attempts: { from: 1, to: 1 } })],
      },
    });
    const seen: string[] = [];
    const attempt = async (name: string, at: string): Promise<void> => {
      const client = await lab.sessionAt(at);
      seen.push((await client.transaction(`${name}@example.org`, 'news@sender.test')).at(-1)!.slice(0, 3));
      client.socket.destroy();
    };
    await lab.play(async () => {
      await attempt('carol', 'mx1.example.org');
      await attempt('bob', 'mx1.example.org');
      await attempt('bob', 'mx2.example.org');
      await attempt('bob', 'mx2.example.org');
      await lab.sleep(1000);
      await attempt('dave', 'mx1.example.org');
      await attempt('dave', 'mx1.example.org');
      await attempt('dave', 'mx2.example.org');
    });
    expect(seen).toEqual(['550', '552', '450', '250', '450', '250', '450']);
  });

  it('are changed separately, or together', async () => {
    const lab = new Lab({ 'example.org': { hosts: [host('mx1'), host('mx2')] }, default: {} });
    const greetings = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const name of ['mx1.example.org', 'mx2.example.org']) {
        const client = await lab.dialHost(name);
        found.push((await client.reply())?.slice(0, 3) ?? 'nothing');
        client.socket.destroy();
      }
      return found;
    };
    const seen: string[][] = [];
    await lab.play(async () => {
      lab.world.setBehaviors('MX1.example.org', [does('busy')]);
      seen.push(await greetings());
      lab.world.setBehaviors('example.org', [does('reply', { stage: 'connect', code: 554 })]);
      seen.push(await greetings());
      lab.world.setBehaviors('mx1.example.org', []);
      lab.world.setBehaviors('example.org', []);
      seen.push(await greetings());
    });
    expect(seen).toEqual([
      ['421', '220'],
      ['421', '554'],
      ['220', '220'],
    ]);
  });

  it('cannot have the name of a host of another domain', async () => {
    const lab = new Lab({
      'a.test': { hosts: [host('mx.c.test')] },
      'b.test': { hosts: [host('mx.c.test')] },
    });
    await lab.world.dns.resolveMx('a.test');
    await expect(lab.world.dns.resolveMx('b.test')).rejects.toThrow('two domains have a host mx.c.test');
  });
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
