// Arguments, options and help of `bouncelab replies`.

import type { Command } from 'commander';
import type { RepliesCommand } from './replies.js';
import type { Finish, Io } from '../io.js';

export function addReplies(program: Command, io: Io, done: Finish): void {
  program
    .command('replies')
    .description('show the catalogue of SMTP replies of real providers, with their sources')
    .argument('[provider]', 'a provider, such as yahoo (default: overview of all providers)')
    .option('--class <class>', 'only replies of a class, such as mailbox-full')
    .option('--stage <stage>', 'only replies at a stage, such as rcpt')
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab replies
  $ bouncelab replies yahoo --class mailbox-full
  $ bouncelab replies --class greylisted --json

A scenario uses a reply by its name: { reply: yahoo/mailbox-full }.`,
    )
    .action(async (provider: string | undefined, options: RepliesCommand) => {
      const { replies } = await import('./replies.js');
      done(replies(provider, options, io));
    });
}
