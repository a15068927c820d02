// The programs that can follow a compressed clock, and those that cannot, by the header of their file.

import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadingOf } from '../../src/live/child/elf.js';
import { assertFollowsClock, findProgram } from '../../src/live/child/program.js';
import { elf } from '../support/elf.js';

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'bouncelab-program-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function write(name: string, content: string | Buffer, mode = 0o755, into = folder()): string {
  const file = path.join(into, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

const context = (file: string) => ({ env: { PATH: path.dirname(file) }, cwd: '/' });
const refusal = (file: string, env = context(file)) => {
  try {
    assertFollowsClock(file, env);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('an ELF file', () => {
  test.each([64, 32] as const)('of %i bits is read in both byte orders', (bits) => {
    for (const order of ['little', 'big'] as const) {
      const form = { bits, order };
      expect(loadingOf(write('a', elf({ ...form, loader: true })))).toBe('dynamic');
      expect(loadingOf(write('a', elf({ ...form, loader: false })))).toBe('static');
      expect(loadingOf(write('a', elf({ ...form, loader: true, notes: ['GNU', 'Go'] })))).toBe('go');
      expect(loadingOf(write('a', elf({ ...form, loader: true, notes: ['GNU', 'Gopher'] })))).toBe('dynamic');
    }
  });

  test('that is cut short at any byte is no program', () => {
    const whole = elf({ bits: 64, order: 'little', loader: true, notes: ['Go'] });
    const into = folder();
    for (let length = 0; length < whole.length; length++) {
      const file = write('a', whole.subarray(0, length), 0o755, into);
      expect(loadingOf(file)).toBeUndefined();
    }
  });

  test.runIf(process.platform === 'linux')('of this Node is dynamic', () => {
    expect(loadingOf(process.execPath)).toBe('dynamic');
  });
});

describe('a command', () => {
  test('that is linked statically, or built by Go, cannot follow the clock', () => {
    const form = { bits: 64, order: 'little' } as const;
    expect(refusal(write('still', elf({ ...form, loader: false })))).toMatch(
      /still cannot follow .* linked statically/,
    );
    expect(refusal(write('gone', elf({ ...form, loader: true, notes: ['Go'] })))).toMatch(
      /gone cannot follow .* Go reads/,
    );
    expect(refusal(write('fine', elf({ ...form, loader: true })))).toBeUndefined();
  });

  test.runIf(process.getuid?.() === 0)('that runs as another user cannot follow the clock', () => {
    const file = write('other', elf({ bits: 64, order: 'little', loader: true }));
    chownSync(file, 0, 12_345);
    chmodSync(file, 0o2755);
    expect(refusal(file)).toMatch(/other cannot follow .* another user or group/);
    chownSync(file, 0, process.getegid!());
    chmodSync(file, 0o2755);
    expect(refusal(file)).toBeUndefined();
  });

  test.each([
    '#!INTERPRETER',
    '#! INTERPRETER -x',
    '#!/usr/bin/env gone',
    '#!/usr/bin/env -S gone -x',
    '#!/usr/bin/env A=b gone',
  ])('is judged by the program that runs it: %s', (line) => {
    const into = folder();
    const program = write(
      'gone',
      elf({ bits: 64, order: 'little', loader: true, notes: ['Go'] }),
      0o755,
      into,
    );
    const script = write('run', `${line.replace('INTERPRETER', program)}\nexit\n`, 0o755, into);
    expect(refusal(script)).toBe(
      `${program} cannot follow the compressed clock: Go reads the time without the C library`,
    );
  });

  test('that two scripts run in a circle ends the search', () => {
    const into = folder();
    write('a', `#!${into}/b\n`, 0o755, into);
    write('b', `#!${into}/a\n`, 0o755, into);
    expect(refusal(path.join(into, 'a'))).toBeUndefined();
  });

  test('is found by PATH, or by its path from the working directory', () => {
    const file = write('mailer', '#!/bin/sh\n');
    const empty = folder();
    const env = { PATH: `${empty}:${path.dirname(file)}` };
    expect(findProgram('mailer', { env, cwd: '/' })).toBe(file);
    expect(findProgram('./mailer', { env: {}, cwd: path.dirname(file) })).toBe(file);
    copyFileSync(file, path.join(empty, 'mailer'));
    chmodSync(path.join(empty, 'mailer'), 0o644);
    expect(findProgram('mailer', { env, cwd: '/' })).toBe(file);
  });

  test.each([
    ['mailer', 'no program mailer was found'],
    ['./mailer', './mailer cannot be run: part of the path does not exist'],
    ['./', './ is a folder, not a program'],
    ['/etc/passwd', '/etc/passwd cannot be run: permission denied'],
  ])('%s that cannot be run is an error', (name, message) => {
    expect(() => findProgram(name, { env: { PATH: '/nowhere' }, cwd: folder() })).toThrow(message);
  });
});
