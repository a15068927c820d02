// A live fleet as clients see it that connect to its addresses: real sockets, in the system's time or faster.

import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SmtpClient } from '../support/smtp-client.js';
import { hasAddresses } from '../../src/live/addresses.js';
import { LiveFleet } from '../../src/live/fleet.js';
import { fleetPlan, opened } from './fleet-plans.js';

const canBindAddresses = await hasAddresses();

/** Polls instead of sleeping: how long a change takes depends on the machine. */
const soon = { timeout: 10_000, interval: 10 };

async function canConnect(port: number, address: string): Promise<boolean> {
  const socket = net.connect(port, address);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe.runIf(canBindAddresses)('hosts at addresses of their own', () => {
  test('have the addresses of the plan, in its order, and one port', async () => {
    const { fleet } = await opened(`
      fleet:
        example.org: { hosts: [{ name: mx1 }, { name: mx2 }] }
        example.com: {}
        default: {}
    `);
    const { hosts } = fleet.places;
    expect(hosts.map(({ name, address }) => `${name} ${address}`)).toEqual([
      'mx1.example.org 127.1.0.1',
      'mx2.example.org 127.1.0.2',
      'mx.example.com 127.1.0.3',
      'mx.default 127.1.0.4',
    ]);
    expect(new Set(hosts.map(({ port }) => port)).size).toBe(1);
    for (const { address, port, name } of hosts) {
      const client = await SmtpClient.to(port, address);
      expect(await client.reply()).toBe(`220 ${name} ESMTP\r\n`);
    }
  });

  test('begin at the first address that is asked for', async () => {
    const { fleet } = await opened('fleet: { a.example: {}, b.example: {} }', {
      firstAddress: '127.9.0.255',
    });
    expect(fleet.places.hosts.map(({ address }) => address)).toEqual(['127.9.0.255', '127.9.1.0']);
    await expect(opened('fleet: { a.example: {} }', { firstAddress: '10.0.0.1' })).rejects.toThrow(
      'the first address of the fleet cannot be 10.0.0.1',
    );
  });

  test('two fleets at once, in one process, at one plan', async () => {
    const plan = 'fleet: { example.org: { mailboxes: { bob: mailbox-full } } }';
    const one = await opened(plan);
    const two = await opened(plan);
    for (const { host, facts, fleet } of [one, two]) {
      const { address, port } = host('mx.example.org');
      const client = await SmtpClient.greeted(port, address);
      expect(await client.send('bob@example.org')).toMatch(/^452 4\.2\.2 /);
      expect(facts.filter(({ type }) => type === 'connection.opened')).toHaveLength(1);
      await fleet.close();
    }
  });

  test('the first of several IPv6 hosts shares ::1 with the others, by the domain of the recipient', async () => {
    const { fleet, host } = await opened(`
      fleet:
        one.example: { hosts: [{ name: mx, address: [v6] }], mailboxes: { bob: mailbox-full } }
        two.example: { hosts: [{ name: mx, address: [v6] }] }
    `);
    const { sharedV6 } = fleet.places;
    // Without IPv6 the hosts have ports of 127.0.0.1.
    if (!sharedV6) return expect(host('mx.one.example', 'v6').address).toBe('127.0.0.1');
    const client = await SmtpClient.greeted(sharedV6.port, sharedV6.address);
    expect(await client.send('bob@one.example')).toMatch(/^452 4\.2\.2 /);
    expect(await client.send('bob@two.example')).toMatch(/^250 /);
    expect(host('mx.one.example', 'v6').port).not.toBe(sharedV6.port);
  });
});

describe('a host that is down', () => {
  test('does not listen', async () => {
    const { host } = await opened('fleet: { example.org: { behaviors: [down] } }');
    const { address, port } = host('mx.example.org');
    await expect(SmtpClient.to(port, address)).rejects.toThrow('ECONNREFUSED');
  });

  test('listens again when it is not down any more, at the same place', async () => {
    const { host } = await opened('fleet: { example.org: { behaviors: [{ do: down, until: 1h }] } }', {
      speed: 36_000,
    });
    const { address, port } = host('mx.example.org');
    await vi.waitFor(async () => expect(await canConnect(port, address)).toBe(true), soon);
  });

  test('stops listening when it goes down, by its own behavior or by an event', async () => {
    const yaml = (behaviors: string, events: string): string => `
      name: down later
      fleet: { example.org: { behaviors: ${behaviors} } }
      audience: { contacts: [bob@example.org] }
      mailings: [{ name: november }]
      ${events}
      expect: [{ at: end, november: { recipients: 1 } }]
    `;
    const later = [
      yaml('[{ do: down, from: 1h }]', ''),
      yaml('[]', 'events: [{ at: 1h, set: example.org, behaviors: [down] }]'),
    ];
    for (const text of later) {
      const { host } = await opened(text, { speed: 36_000 });
      const { address, port } = host('mx.example.org');
      await vi.waitFor(async () => expect(await canConnect(port, address)).toBe(false), soon);
    }
  });

  test('by chance, accepts connections and resets some', async () => {
    const { host } = await opened('fleet: { example.org: { behaviors: [{ do: down, chance: 1 }] } }');
    const { address, port } = host('mx.example.org');
    const socket = net.connect(port, address);
    onTestFinished(() => void socket.destroy());
    const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [
      NodeJS.ErrnoException,
    ];
    expect(error.code).toBe('ECONNRESET');
  });
});

describe('one port for all hosts', () => {
  const FLEET = `
    fleet:
      example.org: { mailboxes: { bob: mailbox-full } }
      busy.example: { behaviors: [busy] }
      backup.example: { hosts: [{ name: mx1, behaviors: [down] }, { name: mx2 }] }
      gone.example: { dns: nxdomain }
      null.example: { dns: null-mx }
      servfail.example: { dns: servfail }
  `;

  test('lets the domain of each recipient choose', async () => {
    const { fleet, facts } = await opened(FLEET, { sharedPort: 0 });
    const client = await SmtpClient.greeted(fleet.places.shared!.port);
    expect(await client.send('bob@example.org')).toMatch(/^452 4\.2\.2 /);
    expect(await client.send('ann@example.org')).toMatch(/^250 /);
    // A 421 would end the session, which has mail for other hosts too.
    expect(await client.send('bob@busy.example')).toMatch(/^451 4\.3\.2 /);
    expect(await client.send('bob@backup.example')).toMatch(/^250 /);
    expect(await client.send('bob@gone.example')).toMatch(/^550 5\.1\.2 /);
    expect(await client.send('bob@null.example')).toMatch(/^556 5\.1\.10 /);
    expect(await client.send('bob@servfail.example')).toMatch(/^451 4\.4\.3 /);
    expect(await client.send('bob@other.example')).toMatch(/^550 5\.1\.2 /);
    const accepted = facts.flatMap((fact) => (fact.type === 'message.accepted' ? [fact.host] : []));
    expect(accepted).toEqual(['mx.example.org', 'mx2.backup.example']);
  });
});

describe('the end', () => {
  test('says 421 to open sessions, also within a message, and closes the ports', async () => {
    const { fleet, host } = await opened('fleet: { example.org: {} }', { by: 'ports' });
    const { address, port } = host('mx.example.org');
    const idle = await SmtpClient.greeted(port, address);
    const writing = await SmtpClient.greeted(port, address);
    for (const line of ['MAIL FROM:<a@b.test>', 'RCPT TO:<bob@example.org>', 'DATA']) await writing.ask(line);
    writing.socket.write('Subject: half');
    await fleet.close();
    expect(await idle.reply()).toBe('421 4.3.2 mx.example.org Service shutting down\r\n');
    expect(await writing.reply()).toBe('421 4.3.2 mx.example.org Service shutting down\r\n');
    await expect(SmtpClient.to(port, address)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('returned messages', () => {
  const LATE = 'fleet: { example.org: { mailboxes: { bob: { do: return-later, after: 1h } } } }';

  test('go where they are to be delivered, whatever the return path', async () => {
    const inlet = await opened('fleet: { default: {} }', { by: 'ports' });
    const { address, port } = inlet.fleet.places.hosts[0]!;
    const { host, facts } = await opened(LATE, { speed: 36_000, returns: { address, port } });
    const client = await SmtpClient.greeted(host('mx.example.org').port, host('mx.example.org').address);
    await client.send('bob@example.org', 'news@sender.example');
    await vi.waitFor(() => {
      const returned = facts.find(({ type }) => type === 'message.returned');
      expect(returned).toMatchObject({ to: 'news@sender.example', outcome: 'sent', said: '250' });
    }, soon);
    expect(inlet.facts.find(({ type }) => type === 'message.accepted')).toMatchObject({
      mailFrom: '',
      rcpt: 'news@sender.example',
    });
  });

  test('are not returned, and that is said, when there is nowhere to', async () => {
    const { host, facts } = await opened(LATE, { speed: 36_000 });
    const client = await SmtpClient.greeted(host('mx.example.org').port, host('mx.example.org').address);
    await client.send('bob@example.org');
    await vi.waitFor(
      () =>
        expect(facts.find(({ type }) => type === 'message.returned')).toMatchObject({
          outcome: 'failed',
          said: 'nowhere to return it to',
        }),
      soon,
    );
  });
});

test('a port in use is refused, and nothing is left listening', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as net.AddressInfo;
  const plan = fleetPlan('fleet: { example.org: {} }');
  const ports: Partial<Parameters<typeof LiveFleet.open>[0]>[] = [
    { sharedPort: port },
    { dnsPort: port },
    { hostPorts: new Map([['example.org', port]]) },
  ];
  for (const asked of ports) {
    await expect(LiveFleet.open({ plan, by: 'ports', ...asked })).rejects.toThrow(
      `cannot listen at 127.0.0.1:${port}: something else listens there`,
    );
  }
});

test.runIf(canBindAddresses)('a port of all hosts that one of them cannot have is refused', async () => {
  const first = await opened('fleet: { a.example: {}, b.example: {} }');
  const { port } = first.fleet.places.hosts[0]!;
  // The first two addresses, 127.0.255.255 and 127.1.0.0, are free.
  const yaml = 'fleet: { c.example: {}, d.example: {}, e.example: {} }';
  await expect(opened(yaml, { smtpPort: port, firstAddress: '127.0.255.255' })).rejects.toThrow(
    `cannot listen at 127.1.0.1:${port}: something else listens there`,
  );
  const second = await opened(yaml, { smtpPort: port, firstAddress: '127.2.0.1' });
  expect(second.fleet.places.hosts).toHaveLength(3);
});

test('a port for a domain without a host is refused', async () => {
  const yaml = 'fleet: { none.example: { hosts: [{ name: mx, address: none }] } }';
  expect((await opened(yaml)).fleet.places.hosts).toEqual([]);
  for (const domain of ['none.example', 'other.example'])
    await expect(opened(yaml, { hostPorts: new Map([[domain, 0]]) })).rejects.toThrow(
      `the fleet has no host with an address for ${domain}`,
    );
});

test('garbage ends in an error of SMTP, not of the fleet', async () => {
  const { host } = await opened('fleet: { example.org: {} }', { by: 'ports' });
  const { address, port } = host('mx.example.org');
  const client = await SmtpClient.to(port, address);
  await client.reply();
  client.socket.write(Buffer.from([0, 255, 13, 10]));
  expect(await client.reply()).toMatch(/^500 /);
  client.socket.write('x'.repeat(100_000));
  await once(client.socket, 'close');
  const other = await SmtpClient.greeted(port, address);
  expect(await other.send('bob@example.org')).toMatch(/^250 /);
});
