// Which processes a command has started and not ended, as /proc of Linux shows them. A daemon leaves the process group of
// the command that started it, and init becomes its parent.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A variable that all processes of a command have, unless they drop their environment. */
export const MARK = 'BOUNCELAB_COMMAND';

export interface CommandProcess {
  /** Of the command's own process, which is also that of its session. */
  pid: number;
  /** The value of MARK. */
  mark: string;
  isIsolated: boolean;
}

/** Numbers of the processes that belong to a command; its own is among them while it runs. */
export function processesOf(command: CommandProcess): number[] {
  if (process.platform !== 'linux') return groupLives(command.pid) ? [-command.pid] : [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => belongs(pid, command));
}

function belongs(pid: number, { pid: own, mark, isIsolated }: CommandProcess): boolean {
  if (pid === process.pid) return false;
  const stat = statOf(pid);
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return false;
  if (pid === own || stat.session === own) return true;
  // Inside its own namespace all is the command's, but for the first process and what this process has started.
  if (isIsolated) return pid !== 1 && stat.parent !== process.pid;
  return read(pid, 'environ').split('\0').includes(`${MARK}=${mark}`);
}

function statOf(pid: number): { state: string; parent: number; session: number } | undefined {
  // The name, in parentheses, may hold spaces and parentheses.
  const [state, parent, , session] = read(pid, 'stat').split(') ').at(-1)!.split(' ');
  return session === undefined
    ? undefined
    : { state: state!, parent: Number(parent), session: Number(session) };
}

/** Empty for a process that has ended, and for one of another user. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function groupLives(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

/** The programs of a command's processes that have not loaded a library, by the number of the process. */
export function programsWithout(library: string, command: CommandProcess): Map<number, string> {
  const found = new Map<number, string>();
  for (const pid of processesOf(command)) {
    const maps = read(pid, 'maps');
    if (maps !== '' && !maps.includes(library)) found.set(pid, programOf(pid));
  }
  return found;
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return read(pid, 'comm').trim();
  }
}
