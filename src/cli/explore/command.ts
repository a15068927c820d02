// `bouncelab explore`: random experiments.

import type { Command } from 'commander';
import { positiveInteger, wholeNumber, nonEmpty, duration } from '../arguments.js';
import type { ExploreCommand } from './explore.js';
import type { Finish, Io } from '../io.js';

export function addExplore(program: Command, io: Io, done: Finish): void {
  program
    .command('explore')
    .description('draw random experiments, hold every rule against them, and write down one that breaks one')
    .option('--runs <n>', 'experiments (default: 1000, or as many as --time allows)', wholeNumber)
    .option('--time <duration>', 'real time after which no further one is begun, such as 60s', duration)
    .option('--seed <seed>', 'seed of all draws (default: the time of day)', nonEmpty)
    .option(
      '--policy <name|file>',
      'retry policy of all of them (default: shipped ones, and some that are drawn)',
    )
    .option('--faults <names>', 'faults that may be drawn, with commas (default: all)')
    .option('--workers <n>', 'experiments played at once (default: one a core)', positiveInteger)
    .option('--output <dir>', 'folder for the scenario that was found', nonEmpty, 'reports/explore')
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
}
