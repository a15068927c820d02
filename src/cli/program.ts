// The command line as a whole. The options of each command are in commands/; what a command does is
// in a file beside this one, loaded when it is used.

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
import { printError } from './errors.js';
import type { Finish, Io } from './io.js';
import { version } from './options.js';

/** Words beside the names of commands and options are wrapped as long as they have this much room. */
const HELP_COLUMNS_MIN = 15;

/** In the order in which help shows them. */
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

function commands(io: Io, done: Finish): Command {
  const program = new Command('bouncelab')
    .description(
      'A wind tunnel for email delivery: scripted receiving servers, a real sender, a virtual clock',
    )
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError(true)
    // That a switch is off until it is given needs no words.
    .configureHelp({
      minWidthToWrap: HELP_COLUMNS_MIN,
      optionDescription: (option) =>
        option.defaultValue === false ? option.description : new Help().optionDescription(option),
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // A message repeats what was typed, and that may be anything.
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
  $ bouncelab validate                         only check the files

Exit codes: 0 passed, 1 an expectation failed, 2 wrong usage, 3 invalid scenario,
4 the harness itself failed, 5 inconclusive, 130 interrupted. When several apply, the first
of 130, 4, 3, 5, 1 is taken.`,
    );

  for (const add of COMMANDS) add(program, io, done);
  for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
    command.option('--debug', 'show stack traces of errors that are the fault of bouncelab', false);
  }
  return program;
}
