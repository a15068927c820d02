// Arguments, options and help of `bouncelab compare`.

import type { Command } from 'commander';
import { nonEmpty, positiveInteger, several, timeoutOption, wireOption } from '../arguments.js';
import type { CompareCommand } from './compare.js';
import type { Finish, Io } from '../io.js';

export function addCompare(program: Command, io: Io, done: Finish): void {
  program
    .command('compare')
    .description('play the same scenarios under several policies, and show the differences')
    .argument('[files...]', 'files, folders or patterns of scenarios (default: scenarios)')
    .option(
      '--policy <name|file>',
      'a policy; give two or more, the others are compared with the first',
      several,
    )
    .option('-g, --grep <pattern>', 'only scenarios whose name, file or tags match')
    .option('--seed <seed>', 'seed for every scenario instead of its own', nonEmpty)
    .addOption(wireOption())
    .option('--sender <file>', 'module of an external sender, used instead of the built-in one')
    .option('--html [file]', 'write a page with plots (default file: compare.html)')
    .option('--json', 'print JSON', false)
    .option('--markdown', 'print Markdown, for a comment or the summary of a CI job', false)
    .option('--export-differences <file>', 'write the contacts that do not end the same as CSV', nonEmpty)
    .option(
      '--fail-if <threshold>',
      'exit code 1 if this condition holds; may be given several times',
      several,
    )
    .option('--workers <n>', 'scenarios played at once (default: one per core)', positiveInteger)
    .addOption(timeoutOption())
    .addHelpText(
      'after',
      `
Invariants are checked. Expectations are not, because they describe the results under one policy.

Thresholds: FIGURE OPERATOR NUMBER for the last policy, NAME.FIGURE for another policy, FIGURE.delta for the
difference from the first policy. Figures: delivered, soft, hard, lost, notTheirs, hours, attempts,
connections, refused, and differing (contacts that end differently).

Examples:
  $ bouncelab compare --policy emma --policy four-attempts
  $ bouncelab compare scenarios/outages --policy emma --policy ./mine.yaml --html
  $ bouncelab compare mine.yaml --policy emma --policy recipient-only --export-differences contacts.csv
  $ bouncelab compare --policy emma --policy ./mine.yaml --fail-if 'lost.delta > 0' --fail-if 'hours > 48'`,
    )
    .action(async (files: string[], options: CompareCommand) => {
      const { compareCommand } = await import('./compare.js');
      done(await compareCommand(files, options, io));
    });
}
