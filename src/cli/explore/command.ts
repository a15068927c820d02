// Options and help of `bouncelab explore`.

import type { Command } from 'commander';
import { positiveInteger, wholeNumber, nonEmpty, duration } from '../arguments.js';
import type { ExploreCommand } from './explore.js';
import type { Finish, Io } from '../io.js';

export function addExplore(program: Command, io: Io, done: Finish): void {
  program
    .command('explore')
    .description('play random experiments until one breaks an invariant, and save that one as a scenario')
    .option('--runs <n>', 'experiments (default: 1000, or as many as --time allows)', wholeNumber)
    .option('--time <duration>', 'real time after which no experiment is started, such as 60s', duration)
    .option('--seed <seed>', 'seed of all random draws (default: the current time)', nonEmpty)
    .option('--policy <name|file>', 'retry policy of all experiments (default: shipped ones and random ones)')
    .option('--faults <names>', 'faults to draw from, separated by commas (default: all)')
    .option('--workers <n>', 'experiments played at once (default: one per core)', positiveInteger)
    .option('--output <dir>', 'folder for the saved scenario', nonEmpty, 'reports/explore')
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
