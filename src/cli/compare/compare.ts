// `bouncelab compare`: plays the same scenarios under several policies and writes the comparison to the
// terminal, as JSON or as Markdown, and as a page.

import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import pc from 'picocolors';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { comparisonMarkdown } from '../../reporters/compare/markdown.js';
import { comparePage } from '../../reporters/compare/page.js';
import { comparisonLines } from '../../reporters/compare/terminal.js';
import { plural } from '../../reporters/figures.js';
import { Printer } from '../../reporters/terminal/screen.js';
import { compare } from '../../studies/compare.js';
import type { Comparison } from '../../results/comparison/comparison.js';
import { ContactsFile, tryContactsFile } from '../../results/contacts-file.js';
import { parseThreshold } from '../../results/comparison/threshold.js';
import { defaultWorkers, WorkerPool } from '../../runner/executors/pool.js';
import type { Skipped } from '../../scenarios/load.js';
import type { ScenarioPlan, WireKind } from '../../scenarios/plan.js';
import { listPolicies, loadPolicy, unknownPolicy } from '../../policy/policy-file.js';
import { quoted } from '../../documents/problems.js';
import { selectScenarios, type SuiteEntry } from '../../suite/select.js';
import { unwritable } from '../../base/unwritable.js';
import { printProblems } from '../errors.js';
import { inputsOr } from '../inputs.js';
import type { Io } from '../io.js';
import { version } from '../options.js';

export interface CompareCommand {
  policy?: string[];
  grep?: string;
  seed?: string;
  /** true: the default file. */
  html?: string | true;
  json: boolean;
  markdown: boolean;
  sender?: string;
  wire?: WireKind;
  exportDifferences?: string;
  failIf?: string[];
  workers?: number;
  /** Milliseconds of real time. */
  timeout: number;
}

const PAGE = 'compare.html';
const ELSEWHERE = 'name another file with --html FILE';

/** @throws BouncelabError for wrong usage, and for a page that cannot be written */
export async function compareCommand(files: string[], options: CompareCommand, io: Io): Promise<ExitCode> {
  if (options.json && options.markdown) {
    throw new BouncelabError('E_USAGE', '--json and --markdown both write to standard output', {
      hint: 'choose one of them; --html FILE goes with either',
    });
  }
  const given = options.policy ?? [];
  const policies = policyNames(given, io);
  if (typeof policies === 'number') return policies;
  const thresholds = (options.failIf ?? []).map((text) => parseThreshold(text, policies));
  const selected = given.map((policy) =>
    selectScenarios({
      inputs: inputsOr(files),
      cwd: io.cwd,
      grep: options.grep,
      seed: options.seed,
      sender: options.sender,
      wire: options.wire,
      policy,
    }),
  );
  const page = options.html === true ? PAGE : options.html;
  if (page !== undefined) await tryPage(resolve(io.cwd, page), page);
  const differences = differencesFile(options.exportDifferences, page, io);
  const { plans, invalid, skipped } = comparable(selected);
  for (const { problems = [], source } of invalid) printProblems(problems, source, io.stderr);
  const screen = new Printer(io.stderr);
  const createExecutor = io.createExecutor ?? ((settings) => new WorkerPool(settings));
  const comparison = await exporting(differences, {
    policies,
    scenarios: plans,
    skipped: skipped.map(({ plan: { file, name }, reason }) => ({ file, name, reason })),
    version: version(),
    thresholds,
    executor: createExecutor({ workers: options.workers ?? defaultWorkers(), wallLimitMs: options.timeout }),
    signal: io.signal,
    ...(differences ? { differences } : {}),
    onScenario: (ended) => screen.live(`${ended} of ${plans.length} scenarios`),
  });
  screen.clearLive();
  if (options.json) io.stdout.write(`${JSON.stringify(comparison, null, 2)}\n`);
  else if (options.markdown) io.stdout.write(comparisonMarkdown(comparison));
  else {
    const out = new Printer(io.stdout);
    for (const line of comparisonLines(comparison, out.columns, pc.createColors(io.stdout.color)))
      out.line(line);
  }
  if (page !== undefined) {
    await writePage(resolve(io.cwd, page), page, comparison);
    new Printer(options.json || options.markdown ? io.stderr : io.stdout).line(`page: ${page}`);
  }
  if (differences) {
    const { interrupted, differing } = comparison;
    const said = interrupted ? 'not written, since not all was played' : plural(differing, 'contact');
    new Printer(options.json || options.markdown ? io.stderr : io.stdout).line(
      `differences: ${options.exportDifferences} (${said})`,
    );
  }
  return exitCodeOf(comparison, invalid.length > 0);
}

/** The file of `--export-differences`. Whether it can be written is seen before anything is played. */
function differencesFile(
  name: string | undefined,
  page: string | undefined,
  io: Io,
): ContactsFile | undefined {
  if (name === undefined) return undefined;
  const path = resolve(io.cwd, name);
  if (page !== undefined && path === resolve(io.cwd, page))
    throw new BouncelabError('E_USAGE', `--html and --export-differences both write to ${name}`, {
      hint: 'name two files',
    });
  const file = new ContactsFile(path, 'the differences', '--export-differences');
  tryContactsFile(file);
  return file;
}

/** Compares, and writes the file of differences completely or not at all. */
async function exporting(
  file: ContactsFile | undefined,
  options: Parameters<typeof compare>[0],
): Promise<Comparison> {
  let isComplete = false;
  try {
    const comparison = await compare(options);
    isComplete = !comparison.interrupted;
    return comparison;
  } finally {
    file?.close(isComplete);
  }
}

/** Names of the policies; the problems of an invalid policy are printed once, not once per scenario. */
function policyNames(given: readonly string[], io: Io): string[] | ExitCode {
  if (given.length < 2) {
    throw new BouncelabError('E_USAGE', 'compare needs two policies or more', {
      hint: `such as --policy emma --policy four-attempts; shipped policies: ${listPolicies().join(', ')}`,
    });
  }
  const twice = given.find((name, index) => given.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new BouncelabError('E_USAGE', `the policy ${quoted(twice)} is named twice`, {
      hint: 'compare it with another one',
    });
  }
  const names: string[] = [];
  let isWrong = false;
  for (const name of given) {
    const loaded = loadPolicy(name, io.cwd, io.cwd);
    if (!loaded) {
      const { message, hint } = unknownPolicy(name);
      throw new BouncelabError('E_USAGE', message, { hint });
    }
    if ('policy' in loaded) names.push(loaded.policy.name);
    else {
      isWrong = true;
      printProblems(loaded.problems, '', io.stderr);
    }
  }
  if (isWrong) return EXIT.invalidScenario;
  // Two files may contain the same name; then their paths are used.
  return new Set(names).size === names.length ? names : [...given];
}

interface Comparable {
  plans: ScenarioPlan[][];
  invalid: SuiteEntry[];
  skipped: Skipped[];
}

function comparable(selected: readonly SuiteEntry[][]): Comparable {
  const plans: ScenarioPlan[][] = [];
  const invalid: SuiteEntry[] = [];
  const skipped: Skipped[] = [];
  for (const [index] of selected[0]!.entries()) {
    const entries = selected.map((entriesOfPolicy) => entriesOfPolicy[index]!);
    const wrong = entries.find((entry) => entry.problems && !entry.skipped);
    const passedOver = entries.find((entry) => entry.skipped)?.skipped;
    if (wrong) invalid.push(wrong);
    else if (passedOver) skipped.push(passedOver);
    else plans.push(entries.map(({ plan }) => plan!));
  }
  return { plans, invalid, skipped };
}

async function writePage(file: string, name: string, comparison: Comparison): Promise<void> {
  await withDraft(file, name, comparePage(comparison), (draft) => rename(draft, file));
}

/** Checks before anything is played that the page can be written; leaves no file behind. */
async function tryPage(file: string, name: string): Promise<void> {
  const stats = await stat(file).catch(() => undefined);
  if (stats?.isDirectory()) {
    throw new BouncelabError('E_OUTPUT', `the page cannot be written to ${name}: it is a folder`, {
      hint: ELSEWHERE,
    });
  }
  await withDraft(file, name, '', rm);
}

async function withDraft(
  file: string,
  name: string,
  text: string,
  settle: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text);
    await settle(draft);
  } catch (error) {
    await rm(draft, { force: true });
    throw unwritable(`the page cannot be written to ${name}`, ELSEWHERE, error);
  }
}

function exitCodeOf(comparison: Comparison, isInvalid: boolean): ExitCode {
  const { interrupted, troubles, thresholds, scenarios, skipped } = comparison;
  const has = (status: string): boolean => troubles.some((trouble) => trouble.status === status);
  if (interrupted) return EXIT.interrupted;
  if (has('error')) return EXIT.harness;
  if (isInvalid) return EXIT.invalidScenario;
  const isNothingJudged = scenarios.length === 0 && skipped.length > 0 && troubles.length === 0;
  if (has('inconclusive') || isNothingJudged) return EXIT.inconclusive;
  return has('failed') || thresholds.some(({ holds }) => holds) ? EXIT.failed : EXIT.passed;
}
