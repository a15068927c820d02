// Arguments, options and help of `bouncelab explain`.

import type { Command } from 'commander';
import { nonEmpty, wireOption } from '../arguments.js';
import type { ExplainCommand } from './explain.js';
import type { Finish, Io } from '../io.js';

export function addExplain(program: Command, io: Io, done: Finish): void {
  program
    .command('explain')
    .description(
      'show the history of one contact: every attempt, its SMTP dialogue, the decision and the reason',
    )
    .argument('<scenario>', 'file of the scenario')
    .argument('<address>', 'address of the contact')
    .option('--mailing <name>', 'only deliveries of this mailing')
    .option('--last', 'read the events of the last run instead of playing the scenario', false)
    .option('--run <run-id>', 'read the events of this run')
    .option('--output <dir>', 'folder of the reports', nonEmpty, 'reports')
    .option('--seed <seed>', 'seed instead of that of the scenario', nonEmpty)
    .option('--policy <name|file>', 'retry policy instead of that of the scenario')
    .addOption(wireOption('instead of that of the scenario'))
    .option('--sender <file>', 'module of an external sender, used instead of the built-in one')
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
}
