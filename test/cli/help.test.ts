// What `--help` shows, and that the documentation names the same options.

import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/program.js';
import { displayWidth } from '../../src/reporters/terminal/layout.js';
import { TestScreen } from './harness.js';

const DOCS = ['README.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((name) => `docs/${name}`)]
  .map((name) => readFileSync(name, 'utf8'))
  .join('\n');
/** Of other programs. */
const FOREIGN = new Set(['--mutate', '--incremental', '--expose-gc']);

async function help(args: readonly string[], columns: number): Promise<string> {
  const stdout = new TestScreen({ columns });
  const { signal } = new AbortController();
  const io = { cwd: '.', env: {}, stdout, stderr: stdout, stdin: new PassThrough(), signal };
  expect(await main([...args, '--help'], io)).toBe(0);
  return stdout.text;
}

/** Names of the commands in a help text. */
function commandsIn(text: string): string[] {
  const [, list = ''] = /^Commands:\n((?: {2}.*\n)+)/m.exec(text) ?? [];
  return Array.from(list.matchAll(/^ {2}(\S+)/gm), ([, name]) => name!).filter((name) => name !== 'help');
}

/** Names of the options in a help text. */
const optionsIn = (text: string): string[] =>
  Array.from(text.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm), ([, name]) => name!);

/** Everything that looks like an option. */
const namedIn = (text: string): string[] =>
  Array.from(text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g), ([name]) => name);

describe('the help', () => {
  const texts = new Map<string, string>();

  beforeAll(async () => {
    const whole = await help([], 100);
    texts.set('', whole);
    for (const name of commandsIn(whole)) {
      const text = await help([name], 100);
      texts.set(name, text);
      for (const inner of commandsIn(text)) texts.set(`${name} ${inner}`, await help([name, inner], 100));
    }
  });

  test('of every command is in the README, option by option', () => {
    const names = [...texts.keys()].filter((name) => name !== '');
    expect(names).toContain('policy show');
    expect(names.filter((name) => !DOCS.includes(`bouncelab ${name.split(' ')[0]!}`))).toEqual([]);
    const options = new Set([...texts.values()].flatMap(optionsIn));
    options.delete('--help');
    expect([...options].filter((option) => !namedIn(DOCS).includes(option))).toEqual([]);
  });

  test('has every option that the documentation names', () => {
    const options = new Set([...texts.values()].flatMap(optionsIn));
    const named = new Set(namedIn(DOCS));
    expect([...named].filter((option) => !options.has(option) && !FOREIGN.has(option))).toEqual([]);
  });

  test('tells defaults in words, and not that a switch is off', () => {
    for (const text of texts.values()) expect(text).not.toMatch(/default: (?:false|true|0|\{\})\)/);
    expect(texts.get('show-report')).toContain('(default: any that is free)');
  });

  test.each([60, 80])('fits %i columns, but for examples', async (columns) => {
    for (const name of texts.keys()) {
      const [usage = ''] = (await help(name === '' ? [] : name.split(' '), columns)).split(
        /\n\n(?=[A-Z].*:$)/m,
      );
      for (const line of usage.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    }
  });
});
