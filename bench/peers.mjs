// The test programs of Postfix as a measure, where they are installed: `smtp-source` sends to `smtp-sink` over
// loopback, two processes in C without a retry engine, a log or a check.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { userInfo } from 'node:os';

const SESSIONS = 20;
const PORT = 25_025;

/** Path of a program; undefined when it is not installed. */
function find(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function isOpen() {
  return new Promise((resolve) => {
    const socket = connect(PORT, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** @param messages of one measurement. @returns what can be measured here; empty without the programs */
export function peers(messages) {
  const source = find('smtp-source');
  const sink = find('smtp-sink');
  if (source === undefined || sink === undefined) return [];
  const send = async () => {
    // Started by root, it changes to another user.
    const as = userInfo().uid === 0 ? ['-u', 'nobody'] : [];
    const server = spawn(sink, [...as, `127.0.0.1:${PORT}`, '1000'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    try {
      while (!(await isOpen())) if (server.exitCode !== null) throw new Error('smtp-sink did not start');
      const args = [
        '-s',
        String(SESSIONS),
        '-m',
        String(messages),
        '-f',
        'a@sender.example',
        '-t',
        'b@example.org',
      ];
      const started = performance.now();
      execFileSync(source, [...args, `127.0.0.1:${PORT}`], { stdio: 'ignore' });
      return performance.now() - started;
    } finally {
      server.kill();
      await ended;
    }
  };
  return [{ key: 'peers', name: 'two workers / smtp-source to smtp-sink, 20 sessions', send }];
}
