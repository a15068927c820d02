// Arguments, options and help of `bouncelab policy list` and `bouncelab policy show`.

import type { Command } from 'commander';
import type { Finish, Io } from '../io.js';

export function addPolicy(program: Command, io: Io, done: Finish): void {
  const policies = program
    .command('policy')
    .description('show retry policies and the times of their attempts');
  policies
    .command('list')
    .description('list the shipped policies')
    .option('--json', 'print JSON', false)
    .action(async (options: { json: boolean }) => {
      const { listPolicyFiles } = await import('./policy.js');
      done(listPolicyFiles(options, io));
    });
  policies
    .command('show')
    .description('print when attempts happen for each kind of failure, and when a delivery is given up')
    .argument('<name>', 'a shipped policy, or the path of a policy file')
    .option('--json', 'print JSON; times are milliseconds from the first attempt', false)
    .addHelpText(
      'after',
      '\nExamples:\n  $ bouncelab policy show emma\n  $ bouncelab policy show ./mine.yaml --json',
    )
    .action(async (name: string, options: { json: boolean }) => {
      const { showPolicy } = await import('./policy.js');
      done(showPolicy(name, options, io));
    });
}
