// Arguments and help of `bouncelab validate`.

import type { Command } from 'commander';
import type { Finish, Io } from '../io.js';

export function addValidate(program: Command, io: Io, done: Finish): void {
  program
    .command('validate')
    .description('check scenarios and their files without playing them; show every problem with its place')
    .argument('[files...]', 'files, folders or patterns (default: scenarios)')
    .addHelpText(
      'after',
      `
The keys of a file show its kind: \`retry\` or \`bounce\` a policy, \`causes\` without them a file of causes,
\`replies\` a profile, \`bouncelab-baseline\` a baseline, anything else a scenario.

Examples:
  $ bouncelab validate
  $ bouncelab validate mine.yaml my-policy.yaml my-causes.yaml`,
    )
    .action(async (files: string[]) => {
      const { validate } = await import('./validate.js');
      done(validate(files, io));
    });
}
