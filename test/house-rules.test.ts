// Rules that hold for every file in src/. Only src/clock uses real time, only src/base/random.ts uses
// chance, each file opens with what it contains, and an exported name is defined once. Identifiers are
// read with the compiler's parser: a method that is called `setTimeout` is fine, the global is not.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Names that mean time wherever they are used as a value of their own. */
const TIME = new Set([
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
]);

/** Members of globals that mean time or chance. */
const MEMBERS = new Set([
  'process.hrtime',
  'process.uptime',
  'Math.random',
  'crypto.randomUUID',
  'crypto.getRandomValues',
]);

/** Modules that hand out the same under another roof. */
const TIME_MODULES = new Set(['timers', 'timers/promises', 'perf_hooks', '@sinonjs/fake-timers']);
const CHANCE_MODULES = new Set(['seedrandom']);
/** Not for what runs inside a simulation; the name of a run's folder may well be random. */
const CHANCE_IMPORTS = new Set(['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync', 'webcrypto']);
// createSender is the door from a real program: it may draw the secret of its return paths.
const INSIDE_A_RUN = /^src\/(clock|events|policy|sender|simulator)\/(?!create-sender\.ts)/;

/** Breaches of the rules about time and chance, each as `line: what`. */
function breaches(file: string, text: string): string[] {
  const ownsTime = file.startsWith('src/clock/');
  const ownsChance = file === 'src/base/random.ts';
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const report = (node: ts.Node, what: string): void => {
    found.push(`${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
  };
  const visit = (node: ts.Node): void => {
    const module = moduleOf(node)?.replace(/^node:/, '');
    if (module !== undefined) {
      if (TIME_MODULES.has(module) && !ownsTime) report(node, `import of ${module}`);
      if (CHANCE_MODULES.has(module) && !ownsChance) report(node, `import of ${module}`);
    }
    if (ts.isImportSpecifier(node) && INSIDE_A_RUN.test(file)) {
      const imported = (node.propertyName ?? node.name).text;
      if (CHANCE_IMPORTS.has(imported)) report(node, imported);
    }
    if (ts.isIdentifier(node) && isGlobalUse(node) && TIME.has(node.text) && !ownsTime)
      report(node, node.text);
    const member = memberOf(node);
    if (member !== undefined) {
      const [owner, name] = member;
      const time = name === 'hrtime' || name === 'uptime';
      if (MEMBERS.has(`${owner}.${name}`) && !(time && ownsTime)) report(node, `${owner}.${name}`);
      const isGlobalObject = owner === 'globalThis' || owner === 'global';
      if (isGlobalObject && TIME.has(name) && !ownsTime) report(node, `${owner}.${name}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Module named by an import, an export from, or a dynamic import. */
function moduleOf(node: ts.Node): string | undefined {
  const named =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : undefined;
  return named && ts.isStringLiteralLike(named) ? named.text : undefined;
}

/** `owner` and `name` of `owner.name`, `owner['name']` or `{ name } = owner`. */
function memberOf(node: ts.Node): [owner: string, name: string] | undefined {
  if (ts.isPropertyAccessExpression(node)) return [lastName(node.expression), node.name.text];
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return [lastName(node.expression), node.argumentExpression.text];
  }
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const declaration = node.parent.parent;
    const name = node.propertyName ?? node.name;
    if (ts.isVariableDeclaration(declaration) && declaration.initializer && ts.isIdentifier(name)) {
      return [lastName(declaration.initializer), name.text];
    }
  }
  return undefined;
}

/** `process` of `process` and of `globalThis.process`. */
function lastName(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) ? node.name.text : '';
}

/** Whether an identifier stands for a global value: not a member's name, a declaration or a type. */
function isGlobalUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent)) return false;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
  const declares =
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isGetAccessor(parent) ||
    ts.isSetAccessor(parent) ||
    ts.isEnumMember(parent);
  return !(declares && parent.name === node);
}

/** Exported names that several files may define, each with the reason. */
const DEFINED_TWICE: Readonly<Record<string, string>> = {
  carryOut: 'the function that a worker thread calls in each job module',
};

/** Names that a file defines and exports. A re-export is no definition. */
function definitions(file: string, text: string): string[] {
  const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const names = statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    const { name } = statement as ts.DeclarationStatement;
    return name ? [name.text] : [];
  });
  // A constant and the type of its values may share a name.
  return [...new Set(names)];
}

/** Names that more than one of the files defines, each as `name: files`. */
function definedTwice(files: readonly { file: string; text: string }[]): string[] {
  const places = new Map<string, string[]>();
  for (const { file, text } of files)
    for (const name of definitions(file, text)) places.set(name, [...(places.get(name) ?? []), file]);
  return [...places]
    .filter(([, where]) => where.length > 1)
    .map(([name, where]) => `${name}: ${where.join(', ')}`)
    .sort();
}

/** Whether the file says in its first lines what it is. */
function hasHeader(text: string): boolean {
  const body = text.replace(/^#!.*\n/, '');
  return /^\/\/ \S.{20,}/.test(body);
}

function sources(): string[] {
  return readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${file.split(path.sep).join('/')}`)
    .sort();
}

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

describe('src/', () => {
  it('is found', () => {
    expect(sources()).toContain('src/clock/virtual.ts');
    expect(sources()).toContain('src/simulator/behaviors/index.ts');
    expect(sources().length).toBeGreaterThan(50);
  });

  it('knows real time and chance in src/clock and src/base/random.ts only', () => {
    const all = sources().flatMap((file) => breaches(file, read(file)).map((breach) => `${file}:${breach}`));
    expect(all).toEqual([]);
  });

  it('defines each exported name once', () => {
    const twice = definedTwice(sources().map((file) => ({ file, text: read(file) })));
    const names = twice.map((line) => line.split(':')[0]!);
    expect(twice.filter((_, index) => !(names[index]! in DEFINED_TWICE))).toEqual([]);
    expect(Object.keys(DEFINED_TWICE).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('says at the top of each file what lives there', () => {
    expect(sources().filter((file) => !hasHeader(read(file)))).toEqual([]);
  });
});

describe('the rule finds', () => {
  it.each([
    ['const t = Date.now();', 'Date'],
    ['const t = new Date();', 'Date'],
    ['const make = Date;', 'Date'],
    ['setTimeout(() => 1, 5);', 'setTimeout'],
    ['const timers = { setTimeout };', 'setTimeout'],
    ['const timers = { later: setImmediate };', 'setImmediate'],
    ['await new Promise((r) => setImmediate(r));', 'setImmediate'],
    ['queue.push(setInterval);', 'setInterval'],
    ['globalThis.setTimeout(f, 1);', 'globalThis.setTimeout'],
    ["globalThis['setTimeout'](f, 1);", 'globalThis.setTimeout'],
    ['const { setTimeout } = globalThis;', 'globalThis.setTimeout'],
    ['const { setTimeout: later } = globalThis;', 'globalThis.setTimeout'],
    ['const t = performance.now();', 'performance'],
    ['const t = process.hrtime.bigint();', 'process.hrtime'],
    ['const { hrtime } = process;', 'process.hrtime'],
    ['const x = Math.random();', 'Math.random'],
    ["const x = Math['random']();", 'Math.random'],
    ["import { setTimeout as sleep } from 'node:timers/promises';", 'import of timers/promises'],
    ["import { performance as p } from 'perf_hooks';", 'import of perf_hooks'],
    ["const t = await import('node:timers');", 'import of timers'],
    ["import seedrandom from 'seedrandom';", 'import of seedrandom'],
    ["import { randomUUID } from 'node:crypto';", 'randomUUID'],
  ])('%s', (code, what) => {
    const planted = breaches('src/sender/sender.ts', `// A file.\n${code}\n`);
    expect(planted).toContain(`2: ${what}`);
  });

  it('chance in src/clock, and time in src/base/random.ts', () => {
    expect(breaches('src/clock/virtual.ts', 'Math.random();')).toEqual(['1: Math.random']);
    expect(breaches('src/base/random.ts', 'Date.now();')).toEqual(['1: Date']);
  });

  it.each([
    ['export interface Entry {}', 'export type Entry = string;'],
    ['export const Entry = 1, other = 2;', 'export function Entry() {}'],
    ['export class Entry {}', 'export enum Entry {}'],
  ])('a name defined by %s and by %s', (one, other) => {
    const files = [
      { file: 'a.ts', text: one },
      { file: 'b.ts', text: other },
    ];
    expect(definedTwice(files)).toEqual(['Entry: a.ts, b.ts']);
  });

  it('a file without a header', () => {
    expect(hasHeader("import x from 'y';\n")).toBe(false);
    expect(hasHeader('// x\n')).toBe(false);
    expect(hasHeader('#!/usr/bin/env node\n// The command line: one program, many commands.\n')).toBe(true);
  });
});

describe('the rule lets pass', () => {
  it.each([
    'class Socket { setTimeout(ms: number): this { return this; } }',
    'socket.setTimeout(1000);',
    'this.setImmediate(f);',
    'const options = { setTimeout: 5 };',
    'interface Clock { date(): Date; performance: number }',
    'const d: Date = clock.date();',
    "const text = 'Date.now() and setTimeout';",
    '// setTimeout(f, 1)',
    'const { date } = clock; random.fraction();',
    'const x = Math.round(1.5);',
    "import { createHash } from 'node:crypto';",
  ])('%s', (code) => {
    expect(breaches('src/sender/sender.ts', code)).toEqual([]);
  });

  it('a name that a file shares with a private one, with a re-export or with its own type', () => {
    const files = [
      {
        file: 'a.ts',
        text: 'export const Entry = [1] as const; export type Entry = (typeof Entry)[number];',
      },
      { file: 'b.ts', text: 'interface Entry {}' },
      { file: 'c.ts', text: "export { Entry } from './a.js'; export * from './a.js';" },
    ];
    expect(definedTwice(files)).toEqual([]);
  });

  it('time in src/clock and seedrandom in src/base/random.ts', () => {
    expect(
      breaches('src/clock/system.ts', 'globalThis.setTimeout(f, Date.now()); process.hrtime();'),
    ).toEqual([]);
    expect(breaches('src/base/random.ts', "import seedrandom from 'seedrandom';")).toEqual([]);
  });
});
