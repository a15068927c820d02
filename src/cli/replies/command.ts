// `bouncelab replies`: what real providers say.

import type { Command } from 'commander';
import type { RepliesCommand } from './replies.js';
import type { Finish, Io } from '../io.js';

export function addReplies(program: Command, io: Io, done: Finish): void {
  program
    .command('replies')
    .description('show what real providers say: the catalogue of replies, with sources')
    .argument('[provider]', 'one of them, such as yahoo (default: an overview of all)')
    .option('--class <class>', 'only replies of a class, such as mailbox-full')
    .option('--stage <stage>', 'only replies at a stage, such as rcpt')
    .option('--json', 'as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab replies
  $ bouncelab replies yahoo --class mailbox-full
  $ bouncelab replies --class greylisted --json

A scenario says one by its name: { reply: yahoo/mailbox-full }.`,
    )
    .action(async (provider: string | undefined, options: RepliesCommand) => {
      const { replies } = await import('./replies.js');
      done(replies(provider, options, io));
    });
}
