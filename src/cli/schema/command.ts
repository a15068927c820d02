// Arguments, options and help of `bouncelab schema`.

import type { Command } from 'commander';
import type { Finish, Io } from '../io.js';

export function addSchema(program: Command, io: Io, done: Finish): void {
  program
    .command('schema')
    .description('print the JSON Schema of scenarios, policies, causes or profiles, for editors')
    .argument('[name]', 'scenario, policy, causes or profile', 'scenario')
    .option('--write', 'write schema/*.json of this package', false)
    .option('--check', 'fail when schema/*.json are out of date', false)
    .addHelpText(
      'after',
      '\nExamples:\n  $ bouncelab schema > scenario.schema.json\n  $ bouncelab schema policy',
    )
    .action(async (name: string, options: { write: boolean; check: boolean }) => {
      const { schema } = await import('./schema.js');
      done(schema(name, options, io));
    });
}
