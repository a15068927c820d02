// The command line as a whole. Each command has a folder: `command.ts` with its options and help, and a module
// that does the work, loaded only when the command is used.

import { Command, CommanderError, Help } from 'commander';
import { EXIT, type ExitCode } from '../base/errors.js';
import { addCompare } from './compare/command.js';
import { addExplain } from './explain/command.js';
import { addExplore } from './explore/command.js';
import { addList } from './list/command.js';
import { addPolicy } from './policy/command.js';
import { addReplies } from './replies/command.js';
import { addRun } from './run/command.js';
import { addSchema } from './schema/command.js';
import { addServe } from './serve/command.js';
import { addShowReport } from './show-report/command.js';
import { addValidate } from './validate/command.js';
import { terminalLines, withoutCommands } from '../reporters/text.js';
import type { Finish, Io } from './io.js';
import { version } from './options.js';

/** Help wraps descriptions beside the names of commands and options if they have at least this width. */
const HELP_COLUMNS_MIN = 15;

/** The commands in the order of the help text. */
const COMMANDS = [
  addRun,
  addCompare,
  addServe,
  addList,
  addValidate,
  addPolicy,
  addReplies,
  addSchema,
  addExplain,
  addShowReport,
  addExplore,
];

/**
 * Runs one command line.
 *
 * @param argv arguments without node and script
 * @returns the exit code
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.passed;
  const program = commands(argv, io, (code) => {
    exitCode = code;
  });
  const debug = argv.includes('--debug') || io.env.BOUNCELAB_DEBUG === '1';
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.usage;
    const { printError } = await import('./errors.js');
    return printError(error, io, debug);
  }
}

function commands(argv: readonly string[], io: Io, done: Finish): Command {
  const program = new Command('bouncelab')
    .description(
      'A wind tunnel for email delivery: scripted receiving servers, a real sender, a virtual clock',
    )
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError(true)
    // Help does not mention the default `false` of switches.
    .configureHelp({
      minWidthToWrap: HELP_COLUMNS_MIN,
      optionDescription: (option) =>
        option.defaultValue === false ? option.description : new Help().optionDescription(option),
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // A message repeats arguments, which may hold escape sequences.
      writeErr: (text) => io.stderr.write(terminalLines(text).map(withoutCommands).join('\n')),
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
  $ bouncelab validate                         check the files only

Exit codes: 0 passed, 1 an expectation failed, 2 wrong usage, 3 invalid scenario,
4 internal error, 5 inconclusive, 130 interrupted. If several apply, the first one of
130, 4, 3, 5, 1 is used.`,
    );

  for (const add of COMMANDS) add(program, io, done, argv);
  for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
    command.option('--debug', 'show stack traces of internal errors', false);
  }
  return program;
}
