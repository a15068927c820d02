// The guard on connections: loopback is allowed, every other address is refused before a packet is sent.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BouncelabError } from '../../src/base/errors.js';
import { connectLoopback, isLoopback } from '../../src/base/loopback.js';
import { loopbackOnly, systemDialer } from '../../src/sender/system/dialer.js';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

describe('loopback is', () => {
  it.each(['127.0.0.1', '127.1.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
    '%s',
    (address) => {
      expect(isLoopback(address)).toBe(true);
    },
  );
});

describe('loopback is not', () => {
  it.each([
    '126.255.255.255',
    '128.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '192.0.2.1',
    '::',
    '::2',
    '2001:db8::1',
    // Names and forms that a resolver or a C library would have to read.
    'localhost',
    'mx.example.org',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    ' 127.0.0.1',
    '::1%lo',
    '::ffff:192.0.2.1',
    '',
  ])('%j', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});

describe('a guarded dialer', () => {
  it('refuses an address outside loopback before it dials, with a hint', () => {
    const dialed: string[] = [];
    const dialer = loopbackOnly({
      dial(address) {
        dialed.push(address);
        return new net.Socket();
      },
    });
    const refused = (address: string): BouncelabError => {
      try {
        dialer.dial(address, 25);
      } catch (error) {
        return error as BouncelabError;
      }
      throw new Error(`${address} was dialed`);
    };
    expect(refused('192.0.2.1').message).toBe('192.0.2.1:25 is not on this machine and was not dialed');
    expect(refused('2001:db8::1').message).toContain('[2001:db8::1]:25');
    expect(refused('192.0.2.1').code).toBe('E_NOT_LOOPBACK');
    expect(refused('192.0.2.1').hint).toContain('127.0.0.0/8');
    expect(dialed).toEqual([]);
    dialer.dial('127.1.0.1', 25).destroy();
    expect(dialed).toEqual(['127.1.0.1']);
  });

  it('connects on loopback', async () => {
    const server = net.createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const socket = loopbackOnly(systemDialer()).dial('127.0.0.1', port);
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
  });
});

it('the other function that connects has the guard too', () => {
  expect(() => connectLoopback({ host: '192.0.2.1', port: 25 })).toThrow('not on this machine');
});

it('nothing else in src/ opens connections of its own', () => {
  const opens =
    /\bnet\.(?:connect|createConnection)\b|\bnew net\.Socket\b|\bnew Socket\(|\btls\.connect\b|import \{[^}]*\b(?:connect|createConnection|Socket)\b[^}]*\} from '(?:node:)?(?:net|tls)'/;
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(files.filter((file) => opens.test(readFileSync(path.join(SRC, file), 'utf8'))).sort()).toEqual([
    path.join('base', 'loopback.ts'),
    // A pipe that the process inherits from outside its namespaces.
    path.join('live', 'child', 'isolation.ts'),
    path.join('sender', 'system', 'dialer.ts'),
  ]);
});
