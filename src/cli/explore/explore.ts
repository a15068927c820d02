// `bouncelab explore`: plays random experiments until one breaks a rule, reduces that one, and saves it as a
// scenario file.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { wallDate } from '../../clock/system.js';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { plural, thousands, virtualTime, wallTime } from '../../reporters/figures.js';
import { Printer } from '../../reporters/terminal/screen.js';
import { terminalLine, terminalLines } from '../../reporters/text.js';
import { wrap } from '../../reporters/terminal/layout.js';
import { defaultWorkers } from '../../runner/executors/pool.js';
import { documentText, type Data } from '../../studies/explore/document.js';
import {
  explore,
  type Discovery,
  type ExploreFigures,
  type ExploreResult,
} from '../../studies/explore/explore.js';
import { FAULTS } from '../../studies/explore/faults.js';
import { listPolicies, loadPolicy, unknownPolicy } from '../../policy/policy-file.js';
import { closest } from '../../documents/problems.js';
import { readSource } from '../../documents/source-file.js';
import { parseYaml } from '../../documents/yaml-file.js';
import { unwritable } from '../../base/unwritable.js';
import type { Io } from '../io.js';

export interface ExploreCommand {
  runs?: number;
  /** Real ms. */
  time?: number;
  seed?: string;
  policy?: string;
  faults?: string;
  workers?: number;
  output: string;
}

/** Number of experiments without --runs and --time. */
const RUNS = 1000;

/** @throws BouncelabError for wrong usage, and when the scenario cannot be written */
export async function exploreCommand(options: ExploreCommand, io: Io): Promise<ExitCode> {
  const { runs = options.time === undefined ? RUNS : Infinity, time = Infinity } = options;
  const { seed = String(wallDate().getTime()), workers = defaultWorkers() } = options;
  const faults = faultsOf(options.faults);
  const policies = options.policy === undefined ? listPolicies() : [policyOf(options.policy, io)];
  const printer = new Printer(io.stdout);
  printer.line(`seed ${seed}, ${plural(workers, 'worker')}, faults: ${wrapped(faults.join(', '), printer)}`);
  const result = await explore({
    seed,
    runs,
    timeMs: time,
    policies,
    drawsPolicies: options.policy === undefined,
    faults,
    workers,
    folder: io.cwd,
    signal: io.signal,
    onProgress: (figures) => printer.live(`${figuresOf(figures)} ...`),
    onFinding: (index, { kind }) =>
      printer.line(`experiment ${index} fails (${kind}); looking for a smaller one ...`),
  });
  printer.line();
  if (!result.discovery) return passed(result, printer);
  // Printed before the file is written, so that it is not lost when writing fails.
  printFinding(result.discovery, printer);
  const file = write(result.discovery, { ...options, seed }, io);
  if (result.interrupted) printer.line('interrupted: a smaller scenario may be possible');
  // Not wrapped, so that the command can be copied.
  printer.line(`repeat with: bouncelab run ${terminalLine(file)}`);
  printer.line(figuresOf(result));
  return result.discovery.finding.kind === 'broken' ? EXIT.harness : EXIT.failed;
}

function passed(result: ExploreResult, printer: Printer): ExitCode {
  printer.line(`${figuresOf(result)}`);
  printer.line(result.interrupted ? 'interrupted; no violation until then' : 'no violation');
  return result.interrupted ? EXIT.interrupted : EXIT.passed;
}

function figuresOf({ runs, attempts, virtualMs, wallMs }: ExploreFigures): string {
  const rate = thousands(Math.round((runs / Math.max(1, wallMs)) * 1000));
  return `${plural(runs, 'experiment')}, ${plural(attempts, 'attempt')}, ${virtualTime(virtualMs)} virtual time in ${wallTime(wallMs)} (${rate}/s)`;
}

function printFinding(discovery: Discovery, printer: Printer): void {
  const { finding, size, sizeBefore } = discovery;
  const { message, expected, actual, details = [] } = finding.failure;
  const lines = [
    message,
    ...(expected === '' ? [] : [`expected: ${expected}`]),
    ...(actual === '' ? [] : [`found: ${actual}`]),
    ...details,
  ];
  for (const line of lines.flatMap(terminalLines))
    for (const part of wrap(line, printer.columns - 3)) printer.line(`   ${part}`);
  printer.line();
  if (size > 0) printer.line(`made smaller: ${sizeBefore} values in the scenario as drawn, ${size} now`);
}

/** Writes the failing scenario. @returns its path relative to the working directory */
function write(
  { index, finding, document }: Discovery,
  options: ExploreCommand & { seed: string },
  io: Io,
): string {
  const folder = resolve(io.cwd, options.output);
  const name = `${finding.kind}-${options.seed}-${index}`.replaceAll(/[^\w.-]+/g, '-');
  const path = join(folder, `${name}.yaml`);
  const again = commandOf(options);
  const comment = [finding.failure.message, `Experiment ${index} of: ${again}`].flatMap((text) =>
    terminalLines(text),
  );
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, documentText(document, comment));
  } catch (error) {
    throw unwritable(
      `the scenario cannot be written to ${options.output}`,
      `choose another folder with --output; \`${again} --runs ${index + 1}\` finds it again`,
      error,
    );
  }
  return relative(io.cwd, path);
}

/** The command that draws the same experiments again. */
function commandOf({ seed, policy, faults }: ExploreCommand & { seed: string }): string {
  return [
    `bouncelab explore --seed ${seed}`,
    ...(policy === undefined ? [] : [`--policy ${policy}`]),
    ...(faults === undefined ? [] : [`--faults ${faults}`]),
  ].join(' ');
}

function faultsOf(text: string | undefined): string[] {
  if (text === undefined) return [...FAULTS.keys()];
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (FAULTS.has(name)) continue;
    const near = closest(name, FAULTS.keys());
    const message = name === '' ? 'the name of a fault is empty' : `there is no fault \`${name}\``;
    throw new BouncelabError('E_USAGE', message, {
      hint: `${near === undefined ? '' : `did you mean \`${near}\`? `}faults: ${[...FAULTS.keys()].join(', ')}`,
    });
  }
  return names;
}

/** A shipped policy by its name; a policy file as its content, so that the saved scenario needs no other file. */
function policyOf(name: string, io: Io): Data {
  const loaded = loadPolicy(name, io.cwd, io.cwd);
  if (!loaded) {
    const { message, hint } = unknownPolicy(name);
    throw new BouncelabError('E_USAGE', message, { hint });
  }
  if ('problems' in loaded) {
    const [problem] = loaded.problems;
    throw new BouncelabError('E_SCENARIO', problem!.message, {
      location: problem!.location,
      hint: `\`bouncelab run --policy ${name}\` shows every problem of it`,
    });
  }
  if (listPolicies().includes(name)) return name;
  const source = readSource(resolve(io.cwd, name));
  if ('message' in source) throw new BouncelabError('E_SCENARIO', `${name}: ${source.message}`);
  return parseYaml(name, source.text).value as Data;
}

function wrapped(text: string, printer: Printer): string {
  return wrap(text, printer.columns).join('\n');
}
