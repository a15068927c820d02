// `--help`, and that the documentation names the same commands and options.

import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/program.js';
import { displayWidth } from '../../src/reporters/terminal/layout.js';
import { TestScreen } from './harness.js';

const DOCS = ['README.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((name) => `docs/${name}`)]
  .map((name) => readFileSync(name, 'utf8'))
  .join('\n');
const COMMANDS = readFileSync('docs/commands.md', 'utf8');
/** Options of other programs. */
const FOREIGN = new Set([
  '--mutate',
  '--incremental',
  '--save-dev',
  '--server',
  '--to',
  '--cap-add',
  '--security-opt',
  '--no',
  '--import',
  '--max-old-space-size',
  // Of scripts of the project.
  '--compare',
  '--rounds',
  '--before',
  '--count',
  '--list',
]);
/** Options of every command, which docs/commands.md describes once for all. */
const COMMON = ['--help', '--debug'];

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

/** Options described in the list of a section of docs/commands.md; those of all commands precede the sections. */
function documentedIn(section: string): string[] {
  const items = section.matchAll(/^- (.*(?:\n {2}.*)*)/gm);
  return Array.from(items, ([, item]) => item!.split(': ')[0]!).flatMap(namedIn);
}

/** All words that look like an option. */
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

  /** Commands without subcommands, such as `run` and `policy show`. */
  const commands = (): string[] => {
    const names = [...texts.keys()].filter((name) => name !== '');
    return names.filter((name) => !names.some((other) => other.startsWith(`${name} `)));
  };

  test('names the commands that the README lists', () => {
    const [, list = ''] = /^## Commands\n\n((?:[- ] .*\n)+)/m.exec(readFileSync('README.md', 'utf8')) ?? [];
    // The line of `policy list` names `policy show` too.
    const listed = Array.from(list.matchAll(/`(?:bouncelab )?(policy \w+|[a-z-]+)\b/g), ([, name]) => name!);
    expect(listed.sort()).toEqual(commands().sort());
    expect(list.trim().split('\n')).toHaveLength(commands().length - 1);
  });

  test('has for each command the options of its section in docs/commands.md', () => {
    const [opening = '', ...sections] = COMMANDS.split(/^## /m);
    expect(documentedIn(opening).sort()).toEqual([...COMMON].sort());
    const documented = sections.map((section) => {
      const [name = ''] = section.split('\n');
      return [name, documentedIn(section).sort()] as const;
    });
    const shown = commands().map((name) => {
      const options = optionsIn(texts.get(name)!).filter((option) => !COMMON.includes(option));
      return [name, options.sort()] as const;
    });
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(shown));
  });

  test('has every option that the documentation names', () => {
    const options = new Set([...texts.values()].flatMap(optionsIn));
    const named = new Set(namedIn(DOCS));
    expect([...named].filter((option) => !options.has(option) && !FOREIGN.has(option))).toEqual([]);
  });

  test('describes defaults in words, and omits the default of switches', () => {
    for (const text of texts.values()) expect(text).not.toMatch(/default: (?:false|true|0|\{\})\)/);
    expect(texts.get('show-report')).toContain('(default: any free port)');
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
