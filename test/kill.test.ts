// SIGKILL: a real process on a store file is killed at drawn points of a mailing over TCP, and the
// next one goes on. `npm run bench:kill` does the same two hundred times with two thousand contacts.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteStore } from '../src/sender/store/sqlite/sqlite.js';

const KILL = fileURLToPath(new URL('../bench/kill/', import.meta.url));

test('a sender that is killed again and again loses nobody and doubles nobody without cause', async () => {
  const args = ['--kills', '8', '--contacts', '150', '--per-mailing', '8', '--seed', '7'];
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(KILL, 'run.mjs'), ...args]);
  expect(stdout).toContain('8 kills in ');
  expect(stdout).toContain('every contact has one result');
});

test('a store is locked for as long as its process lives, and not a moment longer', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bouncelab-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'mail.db');
  // A server that takes connections and is silent, so that the sender stays in the middle of one.
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  const connected = once(server, 'connection');
  const args = [path.join(KILL, 'sender.mjs'), file, String(port), '3', '0', 'power'];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await connected;
  await expect(openSqliteStore(file)).rejects.toMatchObject({ code: 'E_STORE_LOCKED' });
  child.kill('SIGKILL');
  await once(child, 'close');
  const store = await openSqliteStore(file);
  onTestFinished(() => store.close());
  const { contacts, deliveries } = store.load();
  expect([...contacts]).toHaveLength(3);
  expect([...deliveries].map(({ state }) => state)).toEqual(['queued', 'queued', 'queued']);
});
