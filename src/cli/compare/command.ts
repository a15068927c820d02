// `bouncelab compare`: the same scenarios under several policies.

import type { Command } from 'commander';
import { nonEmpty, positiveInteger, several, timeoutOption, wireOption } from '../arguments.js';
import type { CompareCommand } from './compare.js';
import type { Finish, Io } from '../io.js';

export function addCompare(program: Command, io: Io, done: Finish): void {
  program
    .command('compare')
    .description('play the same scenarios under several policies, and show what that changes')
    .argument('[files...]', 'files, folders or patterns of scenarios (default: scenarios)')
    .option(
      '--policy <name|file>',
      'a policy; twice or more, the first is what others are compared to',
      several,
    )
    .option('-g, --grep <pattern>', 'only scenarios whose name, file or tags match')
    .option('--seed <seed>', 'seed for every scenario instead of its own', nonEmpty)
    .addOption(wireOption())
    .option('--sender <file>', 'a module that sends in the place of the sender of bouncelab')
    .option('--html [file]', 'write a page with plots (default file: compare.html)')
    .option('--json', 'as JSON', false)
    .option('--markdown', 'as Markdown, for a comment or the summary of a job', false)
    .option('--fail-if <threshold>', 'exit code 1 when it holds; several times for several', several)
    .option('--workers <n>', 'scenarios played at once (default: one a core)', positiveInteger)
    .addOption(timeoutOption())
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
}
