// Arguments, options and help of `bouncelab run`.

import { Option, type Command } from 'commander';
import { STORES } from '../../scenarios/plan.js';
import { wholeNumber, nonEmpty, positiveInteger, timeoutOption, wireOption } from '../arguments.js';
import type { RunOptions } from '../options.js';
import type { Finish, Io } from '../io.js';

export function addRun(program: Command, io: Io, done: Finish): void {
  program
    .command('run')
    .description('play scenarios and check what they expect')
    .argument('[files...]', 'files, folders or patterns of scenarios (default: scenarios)')
    .option('-g, --grep <pattern>', 'only scenarios whose name, file or tags match')
    .option('--seed <seed>', 'seed for every scenario instead of its own', nonEmpty)
    .option('--policy <name|file>', 'retry policy for every scenario instead of its own')
    .addOption(wireOption())
    .addOption(
      new Option('--store <store>', 'where every scenario keeps the state of the sender').choices(STORES),
    )
    .option('--sender <file>', 'module of an external sender, used instead of the built-in one')
    .option('--workers <n>', 'scenarios played at once (default: one per core)', positiveInteger)
    .option(
      '--reporter <names>',
      'terminal, json, junit, markdown, github; separate several by commas (default: terminal)',
    )
    .option('--output <dir>', 'folder for the reports of runs', nonEmpty, 'reports')
    .addOption(
      new Option('--keep <n>', 'runs to keep in that folder, this one included')
        .argParser(wholeNumber)
        .default(20),
    )
    .option('--no-html', 'do not write the page of the run, index.html')
    .option('-x, --bail', 'stop after the first scenario that does not pass', false)
    .option('--last-failed', 'only scenarios that did not pass in the last run', false)
    .option('--watch', 'run again when a file changes', false)
    .option('--check-determinism', 'play each scenario twice and stop at the first event that differs', false)
    .option(
      '--baseline <file>',
      'record the results in this file, or fail when they differ from it',
      nonEmpty,
    )
    .option('--update-baseline', 'accept the results as the baseline', false)
    .option('--export-contacts <file>', 'write the contacts after the run of one scenario, as CSV', nonEmpty)
    .addOption(timeoutOption())
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab run                           all scenarios under scenarios/
  $ bouncelab run 'scenarios/**/down*.yaml' a pattern, in quotes
  $ bouncelab run -g greylist               by name, file or tag
  $ bouncelab run --policy thirty-hours     the same scenarios under another policy
  $ bouncelab run --wire tcp                the same over real sockets on loopback
  $ bouncelab run --last-failed -x          the failed ones again, until one fails
  $ bouncelab run --baseline baseline.yaml  fail when any figure has changed
  $ bouncelab run --reporter json > run.json

Every run writes <output>/<run-id>/ with index.html, run.json, junit.xml and events/; <output>/latest points to it.`,
    )
    .action(async (files: string[], options: RunOptions) => {
      const { run } = await import('./run.js');
      done(await run(files, options, io));
    });
}
