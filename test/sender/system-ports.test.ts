// The system's ports: the guard dials loopback only, and DNS answers, here from a local server, have the
// shape that the sender expects.

import dgram from 'node:dgram';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isLoopback } from '../../src/base/loopback.js';
import { loopbackOnly, systemDialer } from '../../src/sender/system/dialer.js';
import { systemResolver } from '../../src/sender/system/resolver.js';

describe('the guard', () => {
  test.each(['127.0.0.1', '127.0.0.2', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
    'lets %s pass',
    (address) => {
      expect(isLoopback(address)).toBe(true);
    },
  );

  test.each([
    '128.0.0.1',
    '126.255.255.255',
    '10.0.0.1',
    '192.168.1.1',
    '0.0.0.0',
    '8.8.8.8',
    '::',
    '::2',
    'fe80::1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    'localhost',
    'mx.example.org',
    '127.0.0.1.example.org',
    '127.1',
    '0x7f000001',
    '2130706433',
    '',
  ])('does not dial %s', (address) => {
    let dials = 0;
    const dialer = loopbackOnly({
      dial: () => {
        dials++;
        return new net.Socket();
      },
    });
    expect(() => dialer.dial(address, 25)).toThrow(
      expect.objectContaining({ code: 'E_NOT_LOOPBACK' }) as Error,
    );
    expect(dials).toBe(0);
  });

  test('dials loopback', async () => {
    const server = net.createServer((socket) => socket.end('220 hello\r\n'));
    onTestFinished(() => void server.close());
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as net.AddressInfo;
    const socket = loopbackOnly(systemDialer()).dial('127.0.0.1', port);
    const said = await new Promise((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
    expect(said).toBe('220 hello\r\n');
    socket.destroy();
  });
});

describe('DNS of the system', () => {
  test('gives MX hosts with their preference, and addresses', async () => {
    const resolver = systemResolver([await dnsServer()]);
    expect(await resolver.resolveMx('example.org')).toEqual([{ exchange: 'mx.example.org', preference: 10 }]);
    expect(await resolver.resolve4('mx.example.org')).toEqual(['127.0.0.1']);
    expect(await resolver.resolve6!('mx.example.org')).toEqual(['::1']);
  });

  test.each([
    ['nowhere.test', 'ENOTFOUND'],
    ['broken.test', 'ESERVFAIL'],
    ['none.test', 'ENODATA'],
  ])('says of %s that it is %s', async (domain, code) => {
    const resolver = systemResolver([await dnsServer()]);
    await expect(resolver.resolveMx(domain)).rejects.toMatchObject({ code });
  });
});

const MX = 15;
const AAAA = 28;
/** ::1 */
const LOOPBACK_V6 = Buffer.from([...Array<number>(15).fill(0), 1]);
const RCODE: Record<string, number> = { 'nowhere.test': 3, 'broken.test': 2 };

/** A DNS server that knows example.org. @returns its address and port */
async function dnsServer(): Promise<string> {
  const socket = dgram.createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (query, from) => socket.send(answer(query), from.port, from.address));
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  return `127.0.0.1:${socket.address().port}`;
}

function answer(query: Buffer): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (; query[at] !== 0; at += query[at]! + 1)
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
  const name = labels.join('.').toLowerCase();
  const type = query.readUInt16BE(at + 1);
  const question = query.subarray(12, at + 5);
  const data =
    type === MX
      ? Buffer.concat([Buffer.from([0, 10, 2]), Buffer.from('mx'), Buffer.from([0xc0, 12])])
      : type === AAAA
        ? LOOPBACK_V6
        : Buffer.from([127, 0, 0, 1]);
  const isKnown = name.endsWith('example.org');
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | (RCODE[name] ?? 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isKnown ? 1 : 0, 6);
  if (!isKnown) return Buffer.concat([header, question]);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(type, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(60, 6);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([header, question, record, data]);
}
