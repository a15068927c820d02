// The program that a command line starts: its file, found as a shell finds it, and the one that runs it when it is a
// script. A program that cannot follow a compressed clock is refused before it is started.

import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { BouncelabError } from '../../base/errors.js';
import { reason } from '../../base/os-error.js';
import { loadingOf, type Loading } from './elf.js';

type Env = Record<string, string | undefined>;

/** Bytes of a `#!` line that Linux reads. */
const SHEBANG_BYTES_MAX = 256;
/** Scripts that run one another; Linux follows four. */
const INTERPRETERS_MAX = 4;

/** Bits of a file's mode: the program takes the rights of the file's owner or group. */
const SETUID = 0o4000;
const SETGID = 0o2000;

/**
 * The file that a name stands for: a path from `cwd` when it has a slash, else the first of PATH that can be run.
 *
 * @throws BouncelabError E_COMMAND when there is none
 */
export function findProgram(name: string, { env, cwd }: { env: Env; cwd: string }): string {
  if (name.includes('/')) {
    const file = path.resolve(cwd, name);
    try {
      if (statSync(file).isDirectory())
        throw new BouncelabError('E_COMMAND', `${name} is a folder, not a program`);
      accessSync(file, constants.X_OK);
    } catch (error) {
      if (error instanceof BouncelabError) throw error;
      throw new BouncelabError('E_COMMAND', `${name} cannot be run: ${reason(error)}`, { cause: error });
    }
    return file;
  }
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => path.resolve(cwd, folder, name)).find(isRunnable);
  if (found !== undefined) return found;
  throw new BouncelabError('E_COMMAND', `no program ${name} was found`, {
    hint: `After -- comes the command that starts the sender; PATH is ${env['PATH'] ?? 'empty'}`,
  });
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Refuses a program that would not see the time of libfaketime.
 *
 * @throws BouncelabError E_COMMAND with the reason
 */
export function assertFollowsClock(name: string, context: { env: Env; cwd: string }): void {
  const file = findProgram(name, context);
  const why = whyNotFollowing(file, context);
  if (why === undefined) return;
  throw new BouncelabError('E_COMMAND', `${why.file} cannot follow the compressed clock: ${why.reason}`, {
    hint:
      'libfaketime works for programs that read time through the C library. ' +
      'Leave --speed out to run this one in real time.',
  });
}

/** Why a program would not see the time of libfaketime; undefined when nothing is against it. */
function whyNotFollowing(
  file: string,
  context: { env: Env; cwd: string },
): { file: string; reason: string } | undefined {
  for (let depth = 0, program = file; depth <= INTERPRETERS_MAX; depth++) {
    const { mode, uid, gid } = statSync(program);
    const loading = readLoading(program);
    if (loading === 'go') return { file: program, reason: 'Go reads the time without the C library' };
    if (loading === 'static')
      return { file: program, reason: 'it is linked statically, so that LD_PRELOAD has no effect' };
    if (loading === 'dynamic') {
      // The dynamic loader ignores LD_PRELOAD for a program that gains rights.
      const isOther =
        ((mode & SETUID) !== 0 && uid !== process.geteuid?.()) ||
        ((mode & SETGID) !== 0 && gid !== process.getegid?.());
      return isOther
        ? { file: program, reason: 'it runs as another user or group, for which LD_PRELOAD is ignored' }
        : undefined;
    }
    const interpreter = interpreterOf(program);
    if (interpreter === undefined) return undefined;
    program = findProgram(interpreter, context);
  }
  return undefined;
}

/** Undefined also for a program that may be run but not read. */
function readLoading(file: string): Loading | undefined {
  try {
    return loadingOf(file);
  } catch {
    return undefined;
  }
}

/** The program that a `#!` line names; that of `#!/usr/bin/env NAME` is NAME. */
function interpreterOf(script: string): string | undefined {
  const [program, ...args] = firstLine(script).split(/[ \t]+/);
  if (program === undefined || !program.startsWith('#!')) return undefined;
  const words = [program.slice(2), ...args].filter((word) => word !== '');
  if (path.basename(words[0] ?? '') !== 'env') return words[0];
  return words.slice(1).find((word) => !word.startsWith('-') && !word.includes('='));
}

function firstLine(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const bytes = Buffer.alloc(SHEBANG_BYTES_MAX);
    const length = readSync(descriptor, bytes, 0, SHEBANG_BYTES_MAX, 0);
    return bytes.subarray(0, length).toString('latin1').split('\n')[0]!;
  } finally {
    closeSync(descriptor);
  }
}
