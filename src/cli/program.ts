// The commands and their options. What a command does is in its own file, loaded when it is used.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, type ExitCode } from '../errors.js';
import { WIRES } from '../scenarios/plan.js';
import { parseDuration } from '../units.js';
import type { CompareCommand } from './compare.js';
import { printError } from './errors.js';
import type { ExplainCommand } from './explain.js';
import type { ExploreCommand } from './explore.js';
import type { Io } from './io.js';
import type { ServeOptions } from './serve.js';
import { version, type RunOptions } from './options.js';
import type { RepliesCommand } from './replies.js';
import type { ShowReportCommand } from './show-report.js';

/**
 * Runs one command line.
 *
 * @param argv arguments without node and script
 * @returns the exit code
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.passed;
  const program = commands(io, (code) => {
    exitCode = code;
  });
  const debug = argv.includes('--debug') || io.env.BOUNCELAB_DEBUG === '1';
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.usage;
    return printError(error, io, debug);
  }
}

function commands(io: Io, done: (code: ExitCode) => void): Command {
  const program = new Command('bouncelab')
    .description(
      'A wind tunnel for email delivery: scripted receiving servers, a real sender, a virtual clock',
    )
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns(),
      getErrHelpWidth: () => io.stderr.columns(),
      getOutHasColors: () => io.stdout.color,
      getErrHasColors: () => io.stderr.color,
    })
    .showHelpAfterError('(bouncelab --help shows commands and options)')
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab run                              every scenario under scenarios/
  $ bouncelab run scenarios/outages -g yahoo   some of them
  $ bouncelab run mine.yaml --policy four-attempts
  $ bouncelab validate                         only check the files

Exit codes: 0 passed, 1 an expectation failed, 2 wrong usage, 3 invalid scenario,
4 the harness itself failed, 5 inconclusive, 130 interrupted. When several apply, the first
of 130, 4, 3, 5, 1 is taken.`,
    );

  program
    .command('run')
    .description('play scenarios and check what they expect')
    .argument('[files...]', 'files, folders or patterns of scenarios (default: scenarios)')
    .option('-g, --grep <pattern>', 'only scenarios whose name, file or tags match')
    .option('--seed <seed>', 'seed for every scenario instead of its own', nonEmpty)
    .option('--policy <name|file>', 'retry policy for every scenario instead of its own')
    .addOption(
      new Option('--wire <wire>', 'what carries the bytes, for every scenario instead of its own').choices(
        WIRES,
      ),
    )
    .option('--sender <file>', 'a module that sends in the place of the sender of bouncelab')
    .option('--workers <n>', 'scenarios played at once (default: one a core)', positiveInteger)
    .option('--reporter <names>', 'terminal, json, junit, github; several with commas (default: terminal)')
    .option('--output <dir>', 'folder for the reports of runs', 'reports')
    .addOption(
      new Option('--keep <n>', 'finished runs to keep in that folder, this one included')
        .argParser(count)
        .default(20),
    )
    .option('--no-html', 'do not write the page of the run, index.html')
    .option('-x, --bail', 'stop after the first scenario that does not pass', false)
    .option('--last-failed', 'only what did not pass in the last run', false)
    .option('--watch', 'run again when a file changes', false)
    .option('--check-determinism', 'play each scenario twice and stop at the first event that differs', false)
    .option('--baseline <file>', 'record the results there, or fail when they differ from it', nonEmpty)
    .option('--update-baseline', 'accept the results as the baseline', false)
    .option('--export-contacts <file>', 'write the contacts after the run of one scenario, as CSV', nonEmpty)
    .addOption(
      new Option('--timeout <duration>', 'real time that one scenario may use')
        .argParser(duration)
        .default(60_000, '60s'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab run                           every scenario under scenarios/
  $ bouncelab run 'scenarios/**/down*.yaml' a pattern, in quotes
  $ bouncelab run -g greylist               by name, file or tag
  $ bouncelab run --policy thirty-hours     the same scenarios under another policy
  $ bouncelab run --wire tcp                the same over real sockets on loopback
  $ bouncelab run --last-failed -x          what failed last time, until one fails again
  $ bouncelab run --baseline baseline.yaml  fail when any figure is not as it was
  $ bouncelab run --reporter json > run.json

Every run writes <output>/<run-id>/ with index.html, run.json, junit.xml and events/; <output>/latest leads there.`,
    )
    .action(async (files: string[], options: RunOptions) => {
      const { run } = await import('./run.js');
      done(await run(files, options, io));
    });

  program
    .command('compare')
    .description('play the same scenarios under several policies, and show what that changes')
    .argument('[files...]', 'files, folders or patterns of scenarios (default: scenarios)')
    .addOption(
      new Option('--policy <name|file>', 'a policy; twice or more, the first is what others are compared to')
        .argParser(several)
        .default([], ''),
    )
    .option('-g, --grep <pattern>', 'only scenarios whose name, file or tags match')
    .option('--seed <seed>', 'seed for every scenario instead of its own', nonEmpty)
    .option('--html [file]', 'write a page with plots (default file: compare.html)')
    .option('--json', 'as JSON', false)
    .addOption(
      new Option('--fail-if <threshold>', 'exit code 1 when it holds; several times for several')
        .argParser(several)
        .default([], ''),
    )
    .option('--workers <n>', 'scenarios played at once (default: one a core)', positiveInteger)
    .addOption(
      new Option('--timeout <duration>', 'real time that one scenario may use')
        .argParser(duration)
        .default(60_000, '60s'),
    )
    .addHelpText(
      'after',
      `
Expectations are not judged, since a policy changes what a scenario comes to; invariants are.

Thresholds: FIGURE OPERATOR NUMBER about the last policy, NAME.FIGURE about another one, and .delta behind
a figure for its difference from the first policy. Figures: delivered, soft, hard, lost, notTheirs, hours,
attempts, connections, refused, and differing (contacts that do not end the same).

Examples:
  $ bouncelab compare --policy emma --policy four-attempts
  $ bouncelab compare scenarios/outages --policy emma --policy ./mine.yaml --html
  $ bouncelab compare --policy emma --policy ./mine.yaml --fail-if 'lost.delta > 0' --fail-if 'hours > 48'`,
    )
    .action(async (files: string[], options: CompareCommand) => {
      const { compareCommand } = await import('./compare.js');
      done(await compareCommand(files, options, io));
    });

  program
    .command('serve')
    .description('run the fleet of a scenario by itself, on loopback and in real time')
    .argument('[file]', 'a scenario, or a file with a fleet alone (default: servers that accept everything)')
    .option('--port <n>', 'port of the first host, the others follow (default: free ones)', port)
    .option(
      '--host-port <domain=port>',
      'port of one domain; may be given several times',
      hostPort,
      new Map<string, number>(),
    )
    .option('--json', 'events as NDJSON on standard output, ports on standard error', false)
    .option('--seed <seed>', 'seed of the draws instead of that of the file', nonEmpty)
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab serve --port 2525
  $ bouncelab serve scenarios/mailboxes/greylisting.yaml --host-port example.org=2525
  $ swaks --server 127.0.0.1:2525 --to bob@example.org`,
    )
    .action(async (file: string | undefined, options: ServeOptions) => {
      const { serve } = await import('./serve.js');
      done(await serve(file, options, io));
    });

  program
    .command('list')
    .description('list scenarios with their tags, files and policies')
    .argument('[files...]', 'files, folders or patterns of scenarios (default: scenarios)')
    .option('-g, --grep <pattern>', 'only scenarios whose name, file or tags match')
    .option('--json', 'as JSON', false)
    .addHelpText('after', '\nExamples:\n  $ bouncelab list\n  $ bouncelab list -g trap --json')
    .action(async (files: string[], options: { grep?: string; json: boolean }) => {
      const { list } = await import('./list.js');
      done(list(files, options, io));
    });

  program
    .command('validate')
    .description(
      'check scenarios, policies and files of causes without playing anything; shows every problem in its place',
    )
    .argument('[files...]', 'files, folders or patterns (default: scenarios)')
    .addHelpText(
      'after',
      `
What a file is meant to be is seen from its keys: \`retry\` or \`bounce\` make it a policy, \`causes\` alone a
file of causes, and everything else a scenario.

Examples:
  $ bouncelab validate
  $ bouncelab validate mine.yaml my-policy.yaml my-causes.yaml`,
    )
    .action(async (files: string[]) => {
      const { validate } = await import('./validate.js');
      done(validate(files, io));
    });

  const policies = program.command('policy').description('show retry policies and what they come to');
  policies
    .command('list')
    .description('list the policies that ship')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { listPolicyFiles } = await import('./policy.js');
      done(listPolicyFiles(options, io));
    });
  policies
    .command('show')
    .description('print when attempts happen for each kind of failure, and when a delivery is given up')
    .argument('<name>', 'a shipped policy, or the path of a policy file')
    .option('--json', 'as JSON, times in milliseconds from the first attempt', false)
    .addHelpText(
      'after',
      '\nExamples:\n  $ bouncelab policy show emma\n  $ bouncelab policy show ./mine.yaml --json',
    )
    .action(async (name: string, options: { json: boolean }) => {
      const { showPolicy } = await import('./policy.js');
      done(showPolicy(name, options, io));
    });

  program
    .command('replies')
    .description('show what real providers say: the catalogue of replies, with sources')
    .argument('[provider]', 'one of them, such as yahoo (default: an overview of all)')
    .option('--class <class>', 'only replies of a class, such as mailbox-full')
    .option('--stage <stage>', 'only replies at a stage, such as rcpt')
    .option('--json', 'as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab replies
  $ bouncelab replies yahoo --class mailbox-full
  $ bouncelab replies --class greylisted --json

A scenario says one by its name: { reply: yahoo/mailbox-full }.`,
    )
    .action(async (provider: string | undefined, options: RepliesCommand) => {
      const { replies } = await import('./replies.js');
      done(replies(provider, options, io));
    });

  program
    .command('schema')
    .description('print the JSON Schema of scenario, policy or cause files, for editors')
    .argument('[name]', 'scenario, policy, causes or profile', 'scenario')
    .option('--write', 'write schema/*.json of this package', false)
    .option('--check', 'fail when schema/*.json are not what would be written', false)
    .addHelpText(
      'after',
      '\nExamples:\n  $ bouncelab schema > scenario.schema.json\n  $ bouncelab schema policy',
    )
    .action(async (name: string, options: { write: boolean; check: boolean }) => {
      const { schema } = await import('./schema.js');
      done(schema(name, options, io));
    });

  program
    .command('explain')
    .description('tell the life of one contact: every attempt, what was said, what was decided and why')
    .argument('<scenario>', 'file of the scenario')
    .argument('<address>', 'address of the contact')
    .option('--mailing <name>', 'only this mailing')
    .option('--last', 'from the events of the last run instead of playing it', false)
    .option('--run <run-id>', 'from the events of this run')
    .option('--output <dir>', 'folder of the reports', 'reports')
    .option('--seed <seed>', 'seed instead of its own', nonEmpty)
    .option('--policy <name|file>', 'retry policy instead of its own')
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab explain scenarios/retry/mailbox-full-for-good.yaml bob@example.org
  $ bouncelab explain mine.yaml bob@example.org --mailing november --last`,
    )
    .action(async (file: string, address: string, options: ExplainCommand) => {
      const { explain } = await import('./explain.js');
      done(await explain(file, address, options, io));
    });

  program
    .command('show-report')
    .description('serve the page of a run on loopback, and print its address')
    .argument('[run-id]', 'name of the run', 'latest')
    .option('--output <dir>', 'folder of the reports', 'reports')
    .option('--port <n>', 'port (default: any that is free)', anyPort, 0)
    .addHelpText(
      'after',
      '\nExamples:\n  $ bouncelab show-report\n  $ bouncelab show-report 20261123-094512-ab12cd',
    )
    .action(async (run: string, options: ShowReportCommand) => {
      const { showReport } = await import('./show-report.js');
      done(await showReport(run, options, io));
    });

  program
    .command('explore')
    .description('draw random experiments, hold every rule against them, and write down one that breaks one')
    .option('--runs <n>', 'experiments (default: 1000, or as many as --time allows)', count)
    .option('--time <duration>', 'real time after which no further one is begun, such as 60s', duration)
    .option('--seed <seed>', 'seed of all draws (default: the time of day)', nonEmpty)
    .option('--policy <name|file>', 'retry policy of all of them (default: any shipped one)')
    .option('--faults <names>', 'faults that may be drawn, with commas (default: all)')
    .option('--workers <n>', 'experiments played at once (default: one a core)', positiveInteger)
    .option('--output <dir>', 'folder for the scenario that was found', 'reports/explore')
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab explore --runs 10000
  $ bouncelab explore --time 60s --policy ./mine.yaml
  $ bouncelab explore --faults busy,down,opt-out --seed 7`,
    )
    .action(async (options: ExploreCommand) => {
      const { exploreCommand } = await import('./explore.js');
      done(await exploreCommand(options, io));
    });

  for (const command of [...program.commands, ...policies.commands]) {
    command.option('--debug', 'show stack traces of errors that are the fault of bouncelab', false);
  }
  return program;
}

const WORKERS_MAX = 256;
/** Timers of Node hold about 24 days; nobody waits a day for one scenario. */
const TIMEOUT_MAX_MS = 24 * 3_600_000;

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > WORKERS_MAX) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${WORKERS_MAX}.`);
  }
  return value;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new InvalidArgumentError('It must be a port, 1 to 65535.');
  return value;
}

function hostPort(text: string, known: Map<string, number>): Map<string, number> {
  const [domain = '', number = ''] = text.split('=');
  if (domain === '' || number === '') throw new InvalidArgumentError('It must be such as example.org=2525.');
  return known.set(domain.toLowerCase(), port(number));
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

/** A port, or 0 for any that is free. */
function anyPort(text: string): number {
  return text.trim() === '0' ? 0 : port(text);
}

function several(text: string, known: readonly string[]): string[] {
  return [...known, nonEmpty(text)];
}

function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

function duration(text: string): number {
  const value = parseDuration(text);
  if (value === undefined || value === 0 || value > TIMEOUT_MAX_MS)
    throw new InvalidArgumentError('It must be a duration such as 30s or 10m, at most 24h.');
  return value;
}
