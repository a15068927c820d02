// `bouncelab run --watch`: runs again when a scenario changes, or a policy or audience file that it names,
// and when a key is pressed.

import { once } from 'node:events';
import { lstatSync, realpathSync } from 'node:fs';
import { dirname, extname, relative, resolve, sep } from 'node:path';
import { watch as watchFiles } from 'chokidar';
import { isDynamicPattern } from 'tinyglobby';
import { EXIT, type ExitCode } from '../../base/errors.js';
import { findScenarios } from '../../suite/find.js';
import { readLatest } from '../../suite/report-folder.js';
import { readSource } from '../../documents/source-file.js';
import { parseYaml } from '../../documents/yaml-file.js';
import { printError } from '../errors.js';
import { inputsOr } from '../inputs.js';
import type { Io } from '../io.js';
import type { RunOptions } from '../options.js';

type What = 'all' | 'failed';

/** Plays once; `only` limits it to these files. */
type PlayOnce = (only: ReadonlySet<string> | undefined, signal: AbortSignal) => Promise<ExitCode>;

const CLEAR_SCREEN = '\x1b[2J\x1b[3J\x1b[H';
const CTRL_C = '\u0003';
const WATCHED = new Set(['.yaml', '.yml', '.csv']);

/** Runs until `q`, Ctrl-C or a signal. @returns the code of the last run after `q`, else 130 */
export async function watch(files: string[], options: RunOptions, io: Io, play: PlayOnce): Promise<ExitCode> {
  const stop = new AbortController();
  let wanted: What | undefined = options.lastFailed ? 'failed' : 'all';
  let last: What = wanted;
  let wake = (): void => undefined;
  let exitCode: ExitCode = EXIT.passed;
  const ask = (what: What): void => {
    wanted = what;
    wake();
  };
  const end = (): void => {
    stop.abort();
    wake();
  };
  const interrupt = (): void => {
    exitCode = EXIT.interrupted;
    end();
  };
  io.signal.addEventListener('abort', interrupt, { once: true });

  const outputDir = resolve(io.cwd, options.output);
  const watcher = watchFiles(watchedPaths(files, options, io.cwd), {
    ignoreInitial: true,
    // The report of a run must not start the next run, and a link may lead to the whole file system. (With
    // `followSymlinks: false` the watcher reports no file of a folder that is new.)
    ignored: (path) => path.split(sep).includes('node_modules') || isInside(path, outputDir) || isLink(path),
    awaitWriteFinish: { stabilityThreshold: 50, pollInterval: 10 },
  });
  const watching = once(watcher, 'ready');
  watcher.on('all', (_event, path) => {
    if (WATCHED.has(extname(path).toLowerCase())) ask('all');
  });
  const stopKeys = readKeys(io, (key) => {
    if (key === CTRL_C) interrupt();
    else if (key === 'q') end();
    else if (key === 'a') ask('all');
    else if (key === 'f') ask('failed');
    else if (key === '\r' || key === '\n') ask(last);
  });

  const playOne = async (what: What, isFirst: boolean): Promise<void> => {
    if (io.stdout.isTTY && !isFirst) io.stdout.write(CLEAR_SCREEN);
    let code: ExitCode;
    try {
      const only = what === 'failed' ? failedFiles(outputDir) : undefined;
      code = await play(only, stop.signal);
    } catch (error) {
      // A file that is incomplete or missing while an editor saves it must not end the watch.
      code = printError(error, io, options.debug === true);
    }
    // The result of a run that `q` or a signal interrupted does not count.
    if (!stop.signal.aborted) exitCode = code;
    watcher.add(watchedPaths(files, options, io.cwd));
    await watching;
    if (!stop.signal.aborted) io.stdout.write(`\n${promptText(io)}\n`);
  };

  try {
    for (let isFirst = true; !stop.signal.aborted;) {
      if (wanted) {
        last = wanted;
        wanted = undefined;
        await playOne(last, isFirst);
        isFirst = false;
        continue;
      }
      await new Promise<void>((resume) => {
        wake = () => resume();
      });
    }
  } finally {
    stopKeys();
    io.signal.removeEventListener('abort', interrupt);
    await watcher.close();
  }
  return exitCode;
}

function promptText(io: Io): string {
  const keys = io.stdin.isTTY ? ' Enter: run again, a: all, f: only what failed, q: quit' : '';
  return `Waiting for changes.${keys}`;
}

function failedFiles(outputDir: string): Set<string> | undefined {
  const last = readLatest(outputDir);
  return last && new Set(last.scenarios.filter(({ status }) => status !== 'passed').map(({ file }) => file));
}

/** The inputs of the command line, and the files that their scenarios name. */
function watchedPaths(files: string[], { policy }: RunOptions, cwd: string): string[] {
  const inputs = inputsOr(files);
  // The watcher supports no patterns, so the fixed part of a pattern is watched.
  const fixed = inputs.map((input) => (isDynamicPattern(input) ? fixedPart(input) : input));
  const named = findScenarios(inputs, cwd).files.flatMap((file) => namedFiles(resolve(cwd, file)));
  const own = policy === undefined ? [] : [policy];
  return [...new Set([...fixed, 'policies', ...own, ...named].map((path) => target(resolve(cwd, path))))];
}

/** What is watched for a path that is named: where it leads when it is a link. */
function target(path: string): string {
  try {
    return isLink(path) ? realpathSync(path) : path;
  } catch {
    return path;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function fixedPart(pattern: string): string {
  const parts = pattern.split('/');
  const dynamic = parts.findIndex((part) => isDynamicPattern(part));
  return parts.slice(0, dynamic).join('/') || (pattern.startsWith('/') ? '/' : '.');
}

/** Policy and audience files that a scenario names; none for a file that cannot be read or parsed. */
function namedFiles(file: string): string[] {
  const source = readSource(file);
  if ('message' in source) return [];
  const scenario = parseYaml(file, source.text).value as
    { policy?: unknown; audience?: { file?: unknown; suppress?: unknown } | null } | null | undefined;
  return [scenario?.policy, scenario?.audience?.file, scenario?.audience?.suppress].flatMap((name) =>
    typeof name === 'string' && WATCHED.has(extname(name)) ? [resolve(dirname(file), name)] : [],
  );
}

function isInside(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return from === '' || (!from.startsWith('..') && !from.startsWith(sep));
}

/** Reads keys from a terminal only; piped input is not meant as keys. @returns a function that stops it */
function readKeys(io: Io, onKey: (key: string) => void): () => void {
  const { stdin } = io;
  if (!stdin.isTTY) return () => undefined;
  stdin.setRawMode?.(true);
  const onData = (data: Buffer | string): void => {
    for (const key of data.toString()) onKey(key);
  };
  stdin.on('data', onData);
  return () => {
    stdin.off('data', onData);
    stdin.pause();
    stdin.setRawMode?.(false);
  };
}
