// `bouncelab validate`: files checked, nothing played.

import type { Command } from 'commander';
import type { Finish, Io } from '../io.js';

export function addValidate(program: Command, io: Io, done: Finish): void {
  program
    .command('validate')
    .description(
      'check scenarios and the files that belong to them without playing anything; shows every problem in its place',
    )
    .argument('[files...]', 'files, folders or patterns (default: scenarios)')
    .addHelpText(
      'after',
      `
What a file is meant to be is seen from its keys: \`retry\` or \`bounce\` make it a policy, \`causes\` alone a
file of causes, \`replies\` a profile, \`bouncelab-baseline\` a baseline, and everything else a scenario.

Examples:
  $ bouncelab validate
  $ bouncelab validate mine.yaml my-policy.yaml my-causes.yaml`,
    )
    .action(async (files: string[]) => {
      const { validate } = await import('./validate.js');
      done(validate(files, io));
    });
}
