// Arguments, options and help of `bouncelab list`.

import type { Command } from 'commander';
import type { Finish, Io } from '../io.js';

export function addList(program: Command, io: Io, done: Finish): void {
  program
    .command('list')
    .description('list scenarios with their tags, files and policies')
    .argument('[files...]', 'files, folders or patterns of scenarios (default: scenarios)')
    .option('-g, --grep <pattern>', 'only scenarios whose name, file or tags match')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  $ bouncelab list\n  $ bouncelab list -g trap --json')
    .action(async (files: string[], options: { grep?: string; json: boolean }) => {
      const { list } = await import('./list.js');
      done(list(files, options, io));
    });
}
