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
    .option(
      '--stage <stage>',
      'only replies at a stage, such as rcpt; with --explain, the stage (default: rcpt)',
    )
    .option('--explain <reply>', 'explain one reply: outcome, cause, rule, and the result under each policy')
    .option('--provider <provider>', 'with --explain: the provider whose server sent it')
    .option('--policy <policy>', 'with --explain: a policy, or a file of one, instead of the shipped ones')
    .option('--causes <file>', 'with --explain: a file of cause rules that come before the shipped ones')
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab replies
  $ bouncelab replies yahoo --class mailbox-full
  $ bouncelab replies --class greylisted --json
  $ bouncelab replies --explain '550 5.7.1 Message refused' --stage message --provider gmail
  $ bouncelab replies --explain '550 No' --policy ./mine.yaml --causes ./my-causes.yaml

A scenario uses a reply by its name: { reply: yahoo/mailbox-full }.`,
    )
    .action(async (provider: string | undefined, options: RepliesCommand) => {
      const { replies } = await import('./replies.js');
      done(replies(provider, options, io));
    });
}
