// Ends worker processes with this process, whatever ends it. The code in them may spin or ignore that its pipe is
// closed.

import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Waits for a line: the process that it watches has ended. When its input ends without one, we are gone (SIGKILL
 * included), and the group of that process is ended. A shell, because a process of Node takes 50 ms and 40 MB.
 */
const WATCH = 'read -r line || kill -9 "-$1"';

const running = new Set<ChildProcess>();
let endsAtExit = false;

/** @param child the leader of a process group */
export function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  running.add(child);
  if (!endsAtExit) process.once('exit', () => running.forEach((one) => one.kill('SIGKILL')));
  endsAtExit = true;
  const stop = watch(child.pid);
  child.once('close', () => {
    running.delete(child);
    stop();
  });
}

/** @returns a function that ends the watch */
function watch(pid: number): () => void {
  if (process.platform === 'win32') return () => undefined;
  const shell = spawn('/bin/sh', ['-c', WATCH, 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own: Ctrl-C in a terminal must not end it before us.
    detached: true,
  });
  // Without a shell, only SIGKILL to us leaves the process behind.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as typeof shell.stdin & { unref?: () => void }).unref?.();
  return () => shell.stdin.end('\n');
}
