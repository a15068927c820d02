// Reads a file that a person wrote: a regular file of limited size with UTF-8 text. Anything else is
// refused with a message.

import { readFileSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';

/** Scenario and policy files are written by hand; a larger file is taken for a mistake. */
const TEXT_SIZE_MAX = 1024 * 1024;

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
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    const wrong = kindProblem(stats, stats.size, sizeMax);
    if (wrong) return wrong;
    bytes = readFileSync(path);
  } catch (error) {
    return readProblem(error);
  }
  return decode(bytes);
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
  if (size <= sizeMax) return undefined;
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
  if (code === 'EACCES' || code === 'EPERM')
    return { message: 'the file may not be read (permission denied)' };
  return { message: `the file cannot be read (${code ?? String(error)})` };
}

export function megabytes(bytes: number): string {
  const value = bytes / (1024 * 1024);
  return `${Number.isInteger(value) ? value : value.toFixed(1)} MiB`;
}
