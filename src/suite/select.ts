// Selects the scenarios of a command: finds the files, loads them, and keeps those that match a pattern or
// a list. Nothing is run here.

import { resolve } from 'node:path';
import { RE2JS } from 're2js';
import { BouncelabError } from '../base/errors.js';
import { notAScenario } from './file-kind.js';
import { findScenarios } from './find.js';
import { loadScenario, senderProblem, type LoadedPlan } from '../scenarios/load.js';
import { sqliteProblem } from '../sender/store/sqlite/library.js';
import type { StoreKind, WireKind } from '../scenarios/plan.js';
import type { Problem } from '../documents/problems.js';

/** A scenario file after loading. */
export type SuiteEntry = {
  file: string;
  source: string;
  /** The first rows of an audience file that were left out, as the scenario allows, and the number of all. */
  warnings?: readonly Problem[];
  leftOut?: number;
} & LoadedPlan;

export interface SelectOptions {
  /** Files, folders and globs. */
  inputs: string[];
  cwd: string;
  /** Regular expression (RE2) or plain text, matched against name, file and tags without regard to case. */
  grep?: string | undefined;
  /** Only these files, named as the loader names them. */
  only?: ReadonlySet<string> | undefined;
  seed?: string | undefined;
  policy?: string | undefined;
  /** Path of the module of an external sender. */
  sender?: string | undefined;
  wire?: WireKind | undefined;
  store?: StoreKind | undefined;
  /** Leaves out the audiences: what is selected cannot be played. */
  withoutAudience?: boolean | undefined;
}

/**
 * Finds and loads scenarios, in order of their files. Files of other kinds in a folder or a glob, such as
 * policies, are skipped; a file of another kind that is given itself has that as its one problem.
 *
 * @throws AggregateError of BouncelabErrors for inputs that do not exist
 * @throws BouncelabError E_USAGE when the module of the sender does not exist, or is to have a store
 * @throws BouncelabError E_STORE when there is no SQLite
 * @throws BouncelabError E_NOT_FOUND when no scenario matches
 */
export function selectScenarios(options: SelectOptions): SuiteEntry[] {
  const { inputs, cwd, grep, only, seed, policy, sender, wire, store, withoutAudience } = options;
  const { files, named, problems } = findScenarios(inputs, cwd);
  if (problems.length > 0) throw new AggregateError(problems, 'some inputs are not there');
  if (sender !== undefined) {
    checkSender(sender, cwd);
    if (store !== undefined && store !== 'memory') throw storeOfAnother(sender);
  }
  const withoutStore = store === 'sqlite' ? sqliteProblem() : undefined;
  if (withoutStore) throw withoutStore;
  const wanted = only ? files.filter((file) => only.has(file)) : files;
  const entries: SuiteEntry[] = [];
  for (const file of wanted) {
    const entry = loadScenario(file, { cwd, seed, policy, sender, wire, store, withoutAudience });
    const other = entry.problems && notAScenario(entry.file, entry.source);
    if (!other) entries.push(entry);
    else if (named.has(file)) entries.push({ file: entry.file, source: entry.source, problems: [other] });
  }
  const matching = grep === undefined ? entries : entries.filter(matcher(grep));
  if (matching.length > 0) return matching;
  const pattern = grep === undefined ? '' : ` and the pattern "${grep}"`;
  throw new BouncelabError('E_NOT_FOUND', `no scenario matches ${inputs.join(' ')}${pattern}`, {
    hint: '`bouncelab list` shows names, tags and files.',
  });
}

/** Checked once, so that the error is not repeated for each scenario. */
function checkSender(name: string, cwd: string): void {
  const problem = senderProblem(name, resolve(cwd, name));
  if (problem) throw new BouncelabError('E_USAGE', problem.message, { hint: problem.hint });
}

function storeOfAnother(sender: string): BouncelabError {
  const what = `--store keeps the state of the built-in sender, and ${sender} keeps its own`;
  return new BouncelabError('E_USAGE', what, { hint: 'leave out --store, or --sender' });
}

/** An invalid file has no name and no tags: its whole text is searched. */
function matcher(pattern: string): (entry: SuiteEntry) => boolean {
  const plain = pattern.toLowerCase();
  const matches = regularExpression(pattern);
  return ({ file, plan: played, skipped, source }) => {
    const plan = played ?? skipped?.plan;
    const texts = plan ? [file, plan.name, ...plan.tags] : [file, source];
    return texts.some((text) => text.toLowerCase().includes(plain) || matches?.(text) === true);
  };
}

/**
 * Searches in linear time, whatever the pattern.
 *
 * @returns undefined when the pattern is no regular expression of RE2 and is plain text only
 */
function regularExpression(pattern: string): ((text: string) => boolean) | undefined {
  try {
    const compiled = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
    return (text) => compiled.matcher(text).find();
  } catch {
    return undefined;
  }
}
