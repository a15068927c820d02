// `npm run mutants`: draws changes that Stryker would make in the sender, keeps those that the tests notice, and
// shows which of them the shipped scenarios and an exploration notice alone, as users see them who have no tests of
// this project: now, and with --before in the sources of an earlier commit.
//
// Options: --seed S (default 1), --count N (default 20), --runs N (experiments for a mutant, default 500),
// --before COMMIT, --list (only draw and print).

import { Stryker } from '@stryker-mutator/core';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { globSync } from 'tinyglobby';
import ts from 'typescript';
import { seededRandom } from '../dist/base/random.js';
import config from '../stryker.config.js';
import { ChangedCopy, ROOT } from './changed-copy.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '20' },
    runs: { type: 'string', default: '500' },
    before: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);

const silent = () => {};
const logger = {
  isDebugEnabled: () => false,
  isTraceEnabled: () => false,
  ...{ trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
};

/** The mutants of files, with the text that each replaces and the whole lines of it. */
async function mutantsOf(dir, names) {
  const texts = new Map(names.map((name) => [name, readFileSync(join(dir, name), 'utf8')]));
  const files = Array.from(texts, ([name, content]) => ({ name, content, mutate: true }));
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const { mutants } = await new Instrumenter(logger).instrument(files, options);
  return mutants.map(({ fileName, mutatorName, replacement, location }) => {
    const text = texts.get(fileName);
    const lines = text.split('\n');
    const offsetOf = ({ line, column }) =>
      lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + column;
    const [from, to] = [offsetOf(location.start), offsetOf(location.end)];
    const context = lines.slice(location.start.line, location.end.line + 1).map((line) => line.trim());
    const original = text.slice(from, to);
    return { fileName, mutatorName, replacement, location, from, to, original, context: context.join(' ') };
  });
}

/** What is the same for a mutant in another version of its file. */
function keyOf({ mutatorName, replacement, original, context }) {
  return [mutatorName, replacement, original, context].join('\n');
}

/** The same mutant in other sources; undefined when they do not have its code. */
function sameIn(others, mutant, all) {
  const isOf = (one) => basename(one.fileName) === basename(mutant.fileName);
  const same = others.filter((one) => keyOf(one) === keyOf(mutant));
  const inFile = same.filter(isOf);
  // Of equal lines in one file, the one with the same rank.
  const rank = all.filter((one) => isOf(one) && keyOf(one) === keyOf(mutant)).indexOf(mutant);
  if (inFile.length > 0) return inFile[rank] ?? inFile[0];
  // Code that was moved to another file, unless it is so short that it may be another.
  return same.length === 1 && mutant.context.length > 30 ? same[0] : undefined;
}

/** Those of the drawn mutants that the tests notice, in their order. */
async function noticed(drawn) {
  const range = ({ fileName, location: { start, end } }) =>
    `${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
  const results = await new Stryker({
    ...config,
    mutate: drawn.map(range),
    reporters: [],
    thresholds: { break: null },
  }).runMutationTest();
  const isSame = (mutant, { fileName, mutatorName, replacement, location }) =>
    join(ROOT, mutant.fileName) === join(ROOT, fileName.replace(ROOT, '')) &&
    mutant.mutatorName === mutatorName &&
    mutant.replacement === replacement &&
    mutant.location.start.line + 1 === location.start.line &&
    mutant.location.start.column + 1 === location.start.column &&
    mutant.location.end.line + 1 === location.end.line;
  return drawn.filter((mutant) => {
    const status = results.find((result) => isSame(mutant, result))?.status;
    if (status === undefined) throw new Error(`Stryker has no result for ${placeOf(mutant)}`);
    return status === 'Killed' || status === 'Timeout';
  });
}

/** Replacements of these are put in parentheses, so that what surrounds them does not change their meaning. */
const EXPRESSIONS = new Set([
  'ArithmeticOperator',
  'AssignmentOperator',
  'BooleanLiteral',
  'ConditionalExpression',
  'EqualityOperator',
  'LogicalOperator',
]);

/** Puts a mutant into a copy that has been built. @returns what restores the file */
function plant(copy, { fileName, mutatorName, replacement, original, from, to }) {
  const text = readFileSync(join(copy.dir, fileName), 'utf8');
  const isExpression = EXPRESSIONS.has(mutatorName) && !/^(case|default)\b/.test(original);
  const changed = text.slice(0, from) + (isExpression ? `(${replacement})` : replacement) + text.slice(to);
  const { outputText, diagnostics } = ts.transpileModule(changed, {
    fileName,
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  if (diagnostics.length > 0) throw new Error(`${fileName} cannot be compiled: ${replacement}`);
  const built = join(copy.dir, fileName.replace(/^src/, 'dist').replace(/\.ts$/, '.js'));
  const before = readFileSync(built, 'utf8');
  writeFileSync(built, outputText);
  return () => writeFileSync(built, before);
}

/** What `find` says of a copy with a mutant. */
function judged(copy, mutant, find) {
  const restore = plant(copy, mutant);
  try {
    return find(copy);
  } finally {
    restore();
  }
}

/** What the suite notices, in words; undefined when it is nothing. */
function bySuite(copy) {
  const { failed, invariants, first, broken } = copy.playSuite({ bail: true });
  if (broken) return `suite: ${broken}`;
  return failed > 0 ? `suite: ${[first, ...invariants].join(', ')}` : undefined;
}

/** The same of an exploration. */
function byExploration(copy) {
  const found = copy.explore(values.runs);
  return found === 'nothing' ? undefined : `explore: ${found}`;
}

function placeOf({ fileName, location }) {
  return `${fileName}:${location.start.line + 1}`;
}

function short(text) {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

function print(index, { mutatorName, original, replacement }, place, found) {
  console.log(`${index + 1}. ${place}, ${mutatorName}`);
  console.log(`   ${short(original)} -> ${short(replacement)}`);
  console.log(`   ${found}`);
}

/**
 * Draws until there are as many as wanted that the tests notice. The suite is one of the tests: only what it lets
 * pass is given to the others.
 *
 * @returns the mutants, with what noticed them
 */
async function judgeDrawn(copy, shuffled) {
  const chosen = [];
  for (let at = 0; chosen.length < count && at < shuffled.length;) {
    const some = shuffled.slice(at, at + count - chosen.length);
    at += some.length;
    const seen = new Map();
    for (const mutant of some) {
      seen.set(mutant, judged(copy, mutant, bySuite));
      console.error(`${placeOf(mutant)}: ${seen.get(mutant) ?? 'the suite passes'}`);
    }
    const passed = some.filter((mutant) => seen.get(mutant) === undefined);
    const killed = passed.length > 0 ? await noticed(passed) : [];
    for (const mutant of some) {
      const found = seen.get(mutant);
      if (found === undefined && !killed.includes(mutant)) continue;
      chosen.push({ mutant, found: found ?? judged(copy, mutant, byExploration) });
      print(chosen.length - 1, mutant, placeOf(mutant), chosen.at(-1).found ?? 'MISSED');
    }
  }
  return chosen;
}

function printScore(found) {
  const caught = found.filter((one) => one !== undefined).length;
  console.log(`${caught} of ${found.length} noticed by the suite or an exploration of ${values.runs}`);
  return caught === found.length;
}

/** The same mutants in the sources of an earlier commit, as far as these have their code. */
async function judgeBefore(commit, drawn) {
  const copy = new ChangedCopy(commit);
  try {
    copy.build();
    const old = await mutantsOf(copy.dir, globSync('src/sender/**/*.ts', { cwd: copy.dir }));
    const found = [];
    console.log(`\nin the sources of ${commit}:`);
    for (const [index, mutant] of drawn.entries()) {
      const there = sameIn(old, mutant, mutants);
      if (!there) {
        print(index, mutant, placeOf(mutant), 'not in these sources');
        continue;
      }
      found.push(judged(copy, there, bySuite) ?? judged(copy, there, byExploration));
      print(index, there, placeOf(there), found.at(-1) ?? 'MISSED');
    }
    printScore(found);
  } finally {
    copy.remove();
  }
}

const patterns = config.mutate.filter((pattern) => /^!?src\/sender\//.test(pattern));
const mutants = await mutantsOf(ROOT, globSync(patterns, { cwd: ROOT }).sort());
const random = seededRandom(values.seed);
const shuffled = mutants
  .map((mutant) => ({ mutant, order: random.fraction(keyOf(mutant), placeOf(mutant)) }))
  .sort((a, b) => a.order - b.order)
  .map(({ mutant }) => mutant);
console.log(`${mutants.length} mutants, seed ${values.seed}`);
if (values.list) {
  for (const mutant of shuffled.slice(0, count)) console.log(placeOf(mutant), short(mutant.replacement));
} else {
  const copy = new ChangedCopy();
  try {
    const chosen = await judgeDrawn(copy, shuffled);
    process.exitCode = printScore(chosen.map(({ found }) => found)) ? 0 : 1;
    if (values.before !== undefined)
      await judgeBefore(
        values.before,
        chosen.map(({ mutant }) => mutant),
      );
  } finally {
    copy.remove();
  }
}
