// Modules of external senders in every form that Node and TypeScript have, in packages of every type, and the
// places that their errors name.

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { play, SCENARIO, workplace } from './external-module.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const SCENARIO_OF = (module: string): string => SCENARIO.replace('fleet:', `sender: ./${module}\nfleet:`);

/** Mails every contact; `LINE` is put into `send`, on line 7. */
const TYPESCRIPT = `import type { Socket } from 'node:net';
import { greeting } from './words.js';

enum Step { Hello, From, To, Data, Text, Quit }
class Dialogue { constructor(private readonly to: string) {} line(step: Step): string { return greeting(step, this.to); } }
interface Ports { dial(address: string): Socket; resolveMx(domain: string): Promise<{ exchange: string }[]>; resolve4(name: string): Promise<string[]>; report: { delivered(mailing: string, address: string): void } }
export function createSender({ dial, resolveMx, resolve4, report }: Ports) { const run = async (address: string): Promise<void> => { LINE
    const [mx] = await resolveMx(address.split('@')[1]!);
    const [ip] = await resolve4(mx!.exchange);
    const dialogue: Dialogue = new Dialogue(address);
    await new Promise<void>((resolve, reject) => {
      let step: Step = Step.Hello;
      const socket = dial(ip!);
      socket.on('data', (chunk: Buffer) => {
        if (/^\\d{3} /m.test(String(chunk)) && step <= Step.Quit) socket.write(dialogue.line(step++) + '\\r\\n');
      });
      socket.on('error', reject);
      socket.on('close', () => resolve());
    });
  };
  return {
    async send({ name, contacts }: { name: string; contacts: { address: string }[] }): Promise<void> {
      for (const { address } of contacts) { await run(address); report.delivered(name, address); }
    },
  };
}
`;
const WORDS = `export const greeting = (step: number, to: string): string =>
  ['EHLO me.example', 'MAIL FROM:<me@me.example>', \`RCPT TO:<\${to}>\`, 'DATA', 'Subject: hi\\r\\n\\r\\nhi\\r\\n.', 'QUIT'][step]!;
`;

const JAVASCRIPT = `const lines = (to) => ['EHLO me.example', 'MAIL FROM:<me@me.example>', 'RCPT TO:<' + to + '>', 'DATA', 'Subject: hi\\r\\n\\r\\nhi\\r\\n.', 'QUIT'];
EXPORT function createSender({ dial, resolveMx, resolve4, report }) {
  return {
    async send({ name, contacts }) {
      for (const { address } of contacts) {
        const [{ exchange }] = await resolveMx(address.split('@')[1]);
        const [ip] = await resolve4(exchange);
        await new Promise((resolve) => {
          const rest = lines(address);
          const socket = dial(ip);
          socket.on('data', (chunk) => {
            if (/^\\d{3} /m.test(String(chunk)) && rest.length > 0) socket.write(rest.shift() + '\\r\\n');
          });
          socket.on('close', resolve);
        });
        report.delivered(name, address);
      }
    },
  };
}
`;
const ESM = JAVASCRIPT.replace('EXPORT', 'export');
const COMMONJS = JAVASCRIPT.replace('EXPORT', 'exports.createSender =');

const PACKAGES = {
  'without a type': '{}',
  'of the type commonjs': '{ "type": "commonjs" }',
  'of the type module': '{ "type": "module" }',
};

const run = (modules: Record<string, string>, name: string, type = '{}') =>
  play({ 'package.json': type, ...modules }, ['a.yaml'], { 'a.yaml': SCENARIO_OF(name) });

describe.each(Object.entries(PACKAGES))('in a package %s, a sender plays', (kind, type) => {
  test.each([
    ['mine.ts', TYPESCRIPT.replace('LINE', ''), 'words.ts'],
    ['mine.mts', TYPESCRIPT.replace('LINE', '').replace('words.js', 'words.mjs'), 'words.mts'],
    ['mine.cts', TYPESCRIPT.replace('LINE', '').replace('words.js', 'words.cjs'), 'words.cts'],
    ['mine.mjs', ESM, 'unused.ts'],
    ['mine.js', ESM, 'unused.ts'],
    ['mine.cjs', COMMONJS, 'unused.ts'],
  ])('%s', async (name, text, words) => {
    const ran = await run({ [name]: text, [words]: WORDS }, name, type);
    expect(ran.code, ran.stdout).toBe(0);
  });

  test.skipIf(kind === 'of the type module')('mine.js with CommonJS', async () => {
    const ran = await run({ 'mine.js': COMMONJS }, 'mine.js', type);
    expect(ran.code, ran.stdout).toBe(0);
  });
});

describe('an error names its place in', () => {
  const said = (ran: { stdout: string }): string => ran.stdout.replaceAll(/\s+/g, ' ');

  test('TypeScript, to the column', async () => {
    const throwing = TYPESCRIPT.replace('LINE', "const why: string = 'no luck'; throw new Error(why);");
    const ran = await run({ 'mine.ts': throwing, 'words.ts': WORDS }, 'mine.ts');
    expect(ran.code).toBe(1);
    const [line = '', column] = [throwing.split('\n')[6], throwing.split('\n')[6]!.indexOf('new Error') + 1];
    expect(line).toContain('throw new Error(why)');
    expect(said(ran)).toContain('send(november) failed: no luck');
    expect(ran.stdout).toMatch(new RegExp(`at run \\(.*/mine\\.ts:7:${column}\\)`));
  });

  test('a module that it imports', async () => {
    const words = WORDS.replace('=>\n', "=> { if (to) throw new Error('no words'); return (\n").replace(
      '!;',
      '!); };',
    );
    const ran = await run({ 'mine.ts': TYPESCRIPT.replace('LINE', ''), 'words.ts': words }, 'mine.ts');
    expect(said(ran)).toContain('no words');
    expect(ran.stdout).toMatch(/at greeting \(.*\/words\.ts:1:/);
  });

  test.each([
    ['mine.ts', 'export const a: string = 1;\nconst b: { c: number = 2;\n', 'mine.ts:2:22'],
    ['mine.mjs', 'export const a = 1;\nconst b = {;\n', 'mine.mjs:2:12'],
    ['mine.cjs', 'exports.a = 1;\nconst b = {;\n', 'mine.cjs:2:12'],
  ])('%s that cannot be parsed', async (name, text, place) => {
    const ran = await run({ [name]: text }, name);
    expect(ran.code).toBe(1);
    expect(said(ran)).toMatch(/it cannot be loaded: (Unexpected token|Missing)/);
    expect(ran.stdout).toContain(place);
    expect(ran.stdout).not.toMatch(/jiti|node_modules|node:internal/);
  });

  test.each([
    ['mine.ts', "import { a } from './gone.js';\nexport const b: string = a;\n", './gone.js'],
    ['mine.mjs', "import { a } from './gone.js';\nexport const b = a;\n", 'gone.js'],
    ['mine.cjs', "require('gone');\n", 'gone'],
  ])('%s that imports a module that does not exist', async (name, text, missing) => {
    const ran = await run({ [name]: text }, name);
    expect(ran.code).toBe(1);
    expect(said(ran)).toContain('it cannot be loaded: Cannot find module');
    expect(said(ran)).toContain(missing);
    expect(said(ran)).toContain(name);
    expect(ran.stdout).not.toMatch(/jiti|node_modules|node:internal/);
  });
});

test('a sender in TypeScript may import by the paths of its tsconfig.json', async () => {
  const modules = {
    'mine.ts': TYPESCRIPT.replace('LINE', '').replace('./words.js', '@shop/words'),
    'lib/words.ts': WORDS,
    'tsconfig.json': '{ "compilerOptions": { "paths": { "@shop/*": ["./lib/*"] } } }',
  };
  const ran = await run(modules, 'mine.ts');
  expect(ran.code, ran.stdout).toBe(0);
});

test('a sender in TypeScript is under guard as any other', async () => {
  const reaching = TYPESCRIPT.replace('LINE', 'try { connect(25, "127.0.0.1"); } catch {}').replace(
    'import type { Socket }',
    'import { connect, type Socket }',
  );
  const ran = await run({ 'mine.ts': reaching, 'words.ts': WORDS }, 'mine.ts');
  expect(ran.code).toBe(1);
  expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain('it tried a connection to');
});

test.each([
  'audience/who-is-mailed.yaml',
  'mailboxes/greylisting.yaml',
  'retry/exhausted-421-is-a-soft-bounce.yaml',
  'retry/grid-does-not-drift.yaml',
])('examples/own-sender.ts passes %s', async (file) => {
  const { code, stdout } = await workplace().run([
    'run',
    `${ROOT}scenarios/${file}`,
    '--sender',
    `${ROOT}examples/own-sender.ts`,
  ]);
  expect(code, stdout).toBe(0);
});
