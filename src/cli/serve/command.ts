// Arguments, options and help of `bouncelab serve`.

import { Option, type Command } from 'commander';
import { hostPort, nonEmpty, port } from '../arguments.js';
import type { ServeOptions } from './serve.js';
import type { Finish, Io } from '../io.js';

export function addServe(program: Command, io: Io, done: Finish): void {
  program
    .command('serve')
    .description('run the fleet of a scenario alone, on loopback and in real time')
    .argument('[file]', 'a scenario, or a file with only a fleet (default: a server that accepts everything)')
    .option('--port <n>', 'port of the first host; others get the next ports (default: any free ports)', port)
    .addOption(
      new Option('--host-port <domain=port>', 'port of one domain; may be given several times')
        .argParser(hostPort)
        .default(new Map<string, number>(), 'any free port'),
    )
    .option('--json', 'events as NDJSON on standard output, ports on standard error', false)
    .option('--seed <seed>', 'seed of random draws instead of that of the file', nonEmpty)
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab serve --port 2525
  $ bouncelab serve scenarios/mailboxes/greylisting.yaml --host-port example.org=2525
  $ swaks --server 127.0.0.1:2525 --to bob@example.org`,
    )
    .action(async (file: string | undefined, options: ServeOptions) => {
      const { serve } = await import('./serve.js');
      done(await serve(file, options, io));
    });
}
