// Reading a file that a person wrote: a regular file, not too large, UTF-8 text. Whatever it turns
// out to be instead is said in a sentence.

import { readFileSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';

/** Scenario and policy files are written by hand; more than this is a mistake. */
export const TEXT_SIZE_MAX = 1024 * 1024;

/** The text of a file, or why there is none; `absent` when there is no file at all. */
export type SourceText = { text: string } | { message: string; hint?: string; absent?: true };

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
 * @returns the text, or why there is none
 */
export function readSource(path: string, sizeMax = TEXT_SIZE_MAX): SourceText {
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return { message: 'this is a folder, not a file' };
    if (!stats.isFile()) return { message: 'this is not a regular file' };
    if (stats.size > sizeMax) {
      return {
        message: `the file is too large: ${megabytes(stats.size)}, and the limit is ${megabytes(sizeMax)}`,
        hint: 'large audiences belong in a CSV file (audience: { file: ... }) or in audience.generate',
      };
    }
    bytes = readFileSync(path);
  } catch (error) {
    return failure(error);
  }
  return decode(bytes);
}

function decode(bytes: Buffer): SourceText {
  const hint = 'save it as text in UTF-8';
  if (bytes.includes(0)) return { message: 'the file is binary: it holds NUL bytes', hint };
  const text = utf8(bytes);
  return text === undefined
    ? { message: `the file is not valid UTF-8, first on line ${strangeLine(bytes)}`, hint }
    : { text };
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The first line that is not UTF-8, from 1. No character has a line feed among its bytes. */
function strangeLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || utf8(bytes.subarray(start, end)) === undefined) return line;
    start = end + 1;
  }
}

function failure(error: unknown): SourceText {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { message: 'there is no such file', absent: true };
  if (code === 'EACCES' || code === 'EPERM')
    return { message: 'the file may not be read (permission denied)' };
  return { message: `the file cannot be read (${code ?? String(error)})` };
}

function megabytes(bytes: number): string {
  const value = bytes / (1024 * 1024);
  return `${Number.isInteger(value) ? value : value.toFixed(1)} MiB`;
}
