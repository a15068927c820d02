// Arguments, options and help of `bouncelab serve`.

import { Option, type Command } from 'commander';
import { BouncelabError } from '../../base/errors.js';
import { anyPort, hostPort, nonEmpty, wholeNumber } from '../arguments.js';
import type { ServeOptions } from './serving.js';
import { fleetTime, ipAddress, loopbackPlace, speed } from './arguments.js';
import type { Finish, Io } from '../io.js';

/** @param argv the whole command line: what follows `--` in it is a command of its own */
export function addServe(program: Command, io: Io, done: Finish, argv: readonly string[]): void {
  program
    .command('serve')
    .description('serve the fleet of a scenario on loopback, to any program that sends mail')
    .argument('[file]', 'a scenario, or a file with a fleet (default: a server that accepts everything)')
    .argument('[command...]', 'after --: starts the sender, and all ends when it has ended')
    .option(
      '--isolate',
      'Linux: give that command a network of its own, in which DNS leads to the fleet',
      false,
    )
    .option('--port <n>', 'one port for all hosts: the domain of a recipient chooses the host', anyPort)
    .option('--smtp-port <n>', 'port of every host at its own address (default: 25, 2525 or any)', anyPort)
    .option('--first-address <address>', 'address of the first host (default: 127.1.0.1)', ipAddress)
    .option('--by-port', 'give hosts ports of 127.0.0.1 instead of addresses', false)
    .addOption(
      new Option(
        '--host-port <domain=port>',
        'a port of 127.0.0.1 for a domain too; may be given several times',
      )
        .argParser(hostPort)
        .default(new Map<string, number>(), 'none'),
    )
    .option('--dns <port>', 'answer DNS at this port of 127.0.0.1, UDP and TCP', anyPort)
    .option('--listen <address>', 'listen at an address beyond loopback, hosts at ports of it', ipAddress)
    .option('--returns <address:port>', 'where hosts return messages to, on loopback', loopbackPlace)
    .addOption(
      new Option('--speed <n>', 'how many times faster than real time the fleet lives')
        .argParser(speed)
        .default(1, '1'),
    )
    .option('--for <duration>', 'end after this time of the fleet, such as 30h', fleetTime)
    .option('--verbose', 'print the dialogue', false)
    .option('--json', 'events as NDJSON on standard output, the rest on standard error', false)
    .option('--seed <seed>', 'seed of random draws instead of that of the file', nonEmpty)
    .option('--check', 'end with a verdict on what the scenario expects of the servers', false)
    .addOption(
      new Option('--tolerance <duration>', 'how far times may be off in a check, of the fleet')
        .argParser(fleetTime)
        .default(60_000, '1m'),
    )
    .option('--reporter <names>', 'of a check, as for run (default: terminal)')
    .option('--output <dir>', 'of a check: folder for the reports of runs', nonEmpty, 'reports')
    .addOption(
      new Option('--keep <n>', 'of a check: runs to keep in that folder').argParser(wholeNumber).default(20),
    )
    .option('--no-html', 'of a check: do not write the page of the run')
    .addHelpText(
      'after',
      `
Examples:
  $ bouncelab serve --port 2525
  $ bouncelab serve scenarios/mailboxes/greylisting.yaml --dns 5353 --speed 60
  $ bouncelab serve mine.yaml --speed 600 --for 30h --check
  $ bouncelab serve mine.yaml --isolate --speed 1200 --for 30h --check -- ./run-postfix.sh
  $ swaks --server 127.0.0.1:2525 --to bob@example.org`,
    )
    .action(async (first: string | undefined, others: string[], given: Omit<ServeOptions, 'command'>) => {
      const { serve } = await import('./serve.js');
      const { file, command } = parted([...(first === undefined ? [] : [first]), ...others], argv);
      done(await serve(file, { ...given, command }, argv, io));
    });
}

/**
 * The file, and the command of the sender.
 *
 * @param words all arguments that are not options; those of the command are the last ones
 * @throws BouncelabError E_USAGE for a second file
 */
function parted(words: readonly string[], argv: readonly string[]): { file?: string; command: string[] } {
  const dashes = argv.indexOf('--');
  const count = dashes === -1 ? 0 : argv.length - dashes - 1;
  const files = words.slice(0, words.length - count);
  if (files.length > 1) {
    throw new BouncelabError('E_USAGE', `serve takes one file, and there is also ${files[1]}`, {
      hint: 'the command that starts a sender comes after --',
    });
  }
  return { ...(files[0] === undefined ? {} : { file: files[0] }), command: words.slice(files.length) };
}
