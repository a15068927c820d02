// The DNS server of a live fleet, asked by the resolver of Node and with packets of one's own.

import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import packet, { type DecodedPacket, type Packet, type RecordType } from 'dns-packet';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SmtpClient } from '../support/smtp-client.js';
import { opened } from './fleet-plans.js';

const FLEET = `
  fleet:
    example.org: { hosts: [{ name: mx1 }, { name: mx2, preference: 20 }] }
    v6.example: { hosts: [{ name: mx, address: [v6] }] }
    bare.example: { dns: a-only }
    gone.example: { dns: nxdomain }
    broken.example: { dns: servfail }
    silent.example: { dns: timeout }
    null.example: { dns: null-mx }
    back.example: { dns: { answer: servfail, until: 1h } }
`;

async function resolving(yaml = FLEET, speed = 1): Promise<{ resolver: dns.Resolver; port: number } & Fleet> {
  const fleet = await opened(yaml, { dnsPort: 0, speed });
  const { port } = fleet.fleet.places.dns!;
  const resolver = new dns.Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return { ...fleet, resolver, port };
}

type Fleet = Awaited<ReturnType<typeof opened>>;

/** The code of node:dns for a lookup that fails. */
async function codeOf(lookup: Promise<unknown>): Promise<string> {
  return lookup.then(
    () => 'answered',
    (error: unknown) => (error as NodeJS.ErrnoException).code!,
  );
}

/** One query over UDP. */
async function overUdp(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = dgram.createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.send(bytes, port, '127.0.0.1');
  const [message] = (await once(socket, 'message')) as [Buffer];
  return message;
}

function query(name: string, type: RecordType, more: Packet = {}): Buffer {
  return packet.encode({ type: 'query', id: 4711, flags: 0x100, questions: [{ type, name }], ...more });
}

const rcodeOf = (response: Buffer): number => response[3]! & 15;

describe('the world', () => {
  test('is in MX, A and AAAA, and leads to the hosts', async () => {
    const { resolver, host } = await resolving();
    const mx = await resolver.resolveMx('example.org');
    expect(mx.sort((a, b) => a.priority - b.priority)).toEqual([
      { exchange: 'mx1.example.org', priority: 10 },
      { exchange: 'mx2.example.org', priority: 20 },
    ]);
    const { address, port } = host('mx1.example.org');
    expect(await resolver.resolve4('mx1.example.org')).toEqual([address]);
    expect(await resolver.resolve6('mx.v6.example')).toEqual(['::1']);
    expect(await resolver.resolve4('bare.example')).toEqual([host('bare.example').address]);
    const client = await SmtpClient.to(port, address);
    expect(await client.reply()).toBe('220 mx1.example.org ESMTP\r\n');
  });

  test('has its hosts in PTR, and nothing in TXT', async () => {
    const { resolver, host, port } = await resolving();
    const { address } = host('mx2.example.org');
    expect(await resolver.reverse(address)).toEqual(
      address === '127.0.0.1' ? expect.arrayContaining(['mx2.example.org']) : ['mx2.example.org'],
    );
    // The resolver of Node looks for this one in its own hosts file.
    const own = packet.decode(await overUdp(port, query('1.0.0.127.in-addr.arpa', 'PTR')));
    expect(own.answers?.[0]).toMatchObject({ type: 'PTR', data: 'localhost' });
    expect(await codeOf(resolver.reverse('127.200.0.1'))).toBe('ENOTFOUND');
    expect(await codeOf(resolver.resolveTxt('example.org'))).toBe('ENODATA');
    expect(await codeOf(resolver.resolveTxt('_dmarc.example.org'))).toBe('ENOTFOUND');
    expect(await resolver.resolve4('localhost')).toEqual(['127.0.0.1']);
  });

  test('has the faults of the scenario, as long as they last', async () => {
    const { resolver, facts } = await resolving(FLEET, 36_000);
    expect(await codeOf(resolver.resolveMx('gone.example'))).toBe('ENOTFOUND');
    expect(await codeOf(resolver.resolveMx('unknown.example'))).toBe('ENOTFOUND');
    expect(await codeOf(resolver.resolveMx('broken.example'))).toBe('ESERVFAIL');
    expect(await codeOf(resolver.resolveMx('silent.example'))).toBe('ETIMEOUT');
    expect(await codeOf(resolver.resolveMx('bare.example'))).toBe('ENODATA');
    expect(await resolver.resolveMx('null.example')).toEqual([{ exchange: '', priority: 0 }]);
    await expect.poll(() => codeOf(resolver.resolveMx('back.example')), { timeout: 10_000 }).toBe('answered');
    expect(facts).toContainEqual(
      expect.objectContaining({ type: 'dns.answered', name: 'gone.example', error: 'ENOTFOUND' }),
    );
  });

  test('gives each domain of `default` a host of its own, at its first lookup', async () => {
    const { resolver, fleet } = await resolving('fleet: { default: {} }');
    const addressOf = async (domain: string): Promise<string[]> => {
      const [mx] = await resolver.resolveMx(domain);
      return resolver.resolve4(mx!.exchange);
    };
    const [one, two] = [await addressOf('one.example'), await addressOf('two.example')];
    const { port } = fleet.places.hosts[0]!;
    const client = await SmtpClient.greeted(port, two[0]);
    expect(await client.send('bob@two.example')).toMatch(/^250 /);
    expect(await addressOf('one.example')).toEqual(one);
    // Names of services are no domains.
    expect(await codeOf(resolver.resolveMx('_mta-sts.one.example'))).toBe('ENOTFOUND');
  });
});

describe('the protocol', () => {
  const MANY = `fleet: { big.example: { hosts: [${Array.from({ length: 30 }, (_, n) => `{ name: a-rather-long-name-for-mx${n} }`).join(', ')}] } }`;

  test('truncates what is too long for UDP, more with EDNS, and gives it whole over TCP', async () => {
    const { port, resolver } = await resolving(MANY);
    const plain = await overUdp(port, query('big.example', 'MX'));
    expect(plain.length).toBeLessThanOrEqual(512);
    expect(packet.decode(plain)).toMatchObject({ id: 4711, flag_tc: true, answers: [] });
    const edns = {
      ...{ type: 'OPT' as const, name: '.', udpPayloadSize: 4096, flags: 0, flag_do: false },
      ...{ extendedRcode: 0, ednsVersion: 0, options: [] },
    };
    const wide = packet.decode(await overUdp(port, query('big.example', 'MX', { additionals: [edns] })));
    // Still more than the 1,232 bytes that a datagram should have.
    expect(wide.flag_tc).toBe(true);
    expect(wide.additionals).toHaveLength(1);
    // The resolver asks again over TCP.
    expect(await resolver.resolveMx('big.example')).toHaveLength(30);
  });

  test('answers several queries on one TCP connection, in pieces too', async () => {
    const { port } = await resolving();
    const socket = net.connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const framed = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
    const two = Buffer.concat([
      framed(query('example.org', 'MX', { id: 1 })),
      framed(query('gone.example', 'MX', { id: 2 })),
    ]);
    socket.write(two.subarray(0, 5));
    await new Promise((done) => setImmediate(done));
    socket.write(two.subarray(5));
    let read = Buffer.alloc(0);
    const answers: DecodedPacket[] = [];
    while (answers.length < 2) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      read = Buffer.concat([read, chunk]);
      while (read.length > 2 && read.length >= 2 + read.readUInt16BE()) {
        answers.push(packet.decode(read.subarray(2, 2 + read.readUInt16BE())));
        read = read.subarray(2 + read.readUInt16BE());
      }
    }
    expect(answers.map(({ id }) => id).sort()).toEqual([1, 2]);
  });

  test('answers garbage with FORMERR, and what it does not know with NOTIMP or REFUSED', async () => {
    const { port } = await resolving();
    expect(rcodeOf(await overUdp(port, Buffer.from('\x12\x34\x01\x00garbage of some length')))).toBe(1);
    const two = query('example.org', 'MX', {
      questions: [
        { type: 'MX', name: 'a.example' },
        { type: 'MX', name: 'b.example' },
      ],
    });
    expect(rcodeOf(await overUdp(port, two))).toBe(1);
    expect(rcodeOf(await overUdp(port, query('example.org', 'ANY' as RecordType)))).toBe(4);
    const chaos = query('version.bind', 'TXT', {
      questions: [{ type: 'TXT', name: 'version.bind', class: 'CH' }],
    });
    expect(rcodeOf(await overUdp(port, chaos))).toBe(5);
    const status = query('example.org', 'MX');
    status[2] = 0x10;
    expect(rcodeOf(await overUdp(port, status))).toBe(4);
  });

  test('does not answer what is too short, nor a response', async () => {
    const { port } = await resolving();
    const socket = dgram.createSocket('udp4');
    onTestFinished(() => void socket.close());
    const received: number[] = [];
    socket.on('message', (message) => received.push(message.readUInt16BE()));
    const response = query('example.org', 'MX', { id: 2 });
    response[2] = 0x80;
    for (const bytes of [Buffer.from('short'), response, query('example.org', 'MX', { id: 3 })])
      socket.send(bytes, port, '127.0.0.1');
    await expect.poll(() => received, { timeout: 10_000 }).toEqual([3]);
  });
});
