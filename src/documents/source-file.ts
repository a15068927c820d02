// The door for every file that a person wrote: a regular file of limited size with UTF-8 text that does not
// change while it is read. Anything else is refused with a message.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { reason } from '../base/os-error.js';

/** Scenario and policy files are written by hand; a larger file is taken for a mistake. */
const TEXT_SIZE_MAX = 1024 * 1024;

/** Room for a file whose size is not known, bytes. */
const FIRST_READ = 64 * 1024;

/** The text of a file, or why it cannot be read; `absent` when the file does not exist. */
type SourceText = { text: string } | SourceProblem;

interface SourceProblem {
  message: string;
  hint?: string;
  absent?: true;
}

/** Path relative to `cwd` with forward slashes, as every message shows it. */
export function displayPath(path: string, cwd: string): string {
  const shown = relative(cwd, path);
  return sep === '/' ? shown : shown.split(sep).join('/');
}

/**
 * Reads a text file and drops its byte order mark.
 *
 * @param path absolute path
 * @param sizeMax bytes
 * @returns the text, or why it cannot be read
 */
export function readSource(path: string, sizeMax = TEXT_SIZE_MAX): SourceText {
  try {
    const stats = statSync(path);
    const wrong = kindProblem(stats, stats.size, sizeMax);
    if (wrong) return wrong;
    const bytes = readBytes(path, sizeMax);
    return Buffer.isBuffer(bytes) ? decode(bytes) : bytes;
  } catch (error) {
    return readProblem(error);
  }
}

/** Reads a file that may be written to meanwhile: a part of it would pass for the whole. */
function readBytes(path: string, sizeMax: number): Buffer | SourceProblem {
  const file = openSync(path, 'r');
  try {
    const before = fstatSync(file);
    if (before.size > sizeMax) return tooLarge(before.size, sizeMax);
    // One byte more than its size shows that it grew. Files of /proc have size 0 and content.
    const bytes = Buffer.alloc(Math.min(Math.max(before.size, FIRST_READ), sizeMax) + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, null);
    if (length > sizeMax) return tooLarge(length, sizeMax);
    const after = fstatSync(file);
    if (after.mtimeMs !== before.mtimeMs || after.size !== before.size || length === bytes.length)
      return { message: 'the file changed while it was read', hint: 'try again once it is written' };
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/**
 * Why a file is not read; undefined for a regular file within the limit.
 *
 * @param size bytes
 * @param sizeMax bytes
 */
export function kindProblem(
  stats: { isDirectory(): boolean; isFile(): boolean },
  size: number,
  sizeMax: number,
): SourceProblem | undefined {
  if (stats.isDirectory()) return { message: 'this is a folder, not a file' };
  if (!stats.isFile()) return { message: 'this is not a regular file' };
  return size > sizeMax ? tooLarge(size, sizeMax) : undefined;
}

function tooLarge(size: number, sizeMax: number): SourceProblem {
  return {
    message: `the file is too large: ${megabytes(size)}, and the limit is ${megabytes(sizeMax)}`,
    hint: 'large audiences belong in a CSV file (audience: { file: ... }) or in audience.generate',
  };
}

function decode(bytes: Buffer): SourceText {
  const hint = 'save it as text in UTF-8';
  if (bytes.includes(0)) return { message: 'the file is binary: it holds NUL bytes', hint };
  const text = utf8(bytes);
  return text === undefined
    ? { message: `the file is not valid UTF-8, first on line ${invalidLine(bytes)}`, hint }
    : { text };
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The first line that is not UTF-8, from 1. A byte 0x0a is always a line feed in UTF-8. */
function invalidLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || utf8(bytes.subarray(start, end)) === undefined) return line;
    start = end + 1;
  }
}

/** Why a file could not be opened or read. */
export function readProblem(error: unknown): SourceProblem {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { message: 'there is no such file', absent: true };
  if (code === 'EMFILE' || code === 'ENFILE') return { message: `the file cannot be read: ${reason(error)}` };
  if (code === 'EACCES' || code === 'EPERM')
    return { message: 'the file may not be read (permission denied)' };
  return { message: `the file cannot be read (${code ?? String(error)})` };
}

export function megabytes(bytes: number): string {
  const value = bytes / (1024 * 1024);
  return `${Number.isInteger(value) ? value : value.toFixed(1)} MiB`;
}
