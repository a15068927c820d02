// Arguments, options and help of `bouncelab show-report`.

import { Option, type Command } from 'commander';
import { anyPort, nonEmpty } from '../arguments.js';
import type { ShowReportCommand } from './show-report.js';
import type { Finish, Io } from '../io.js';

export function addShowReport(program: Command, io: Io, done: Finish): void {
  program
    .command('show-report')
    .description('serve the page of a run on loopback, and print its address')
    .argument('[run-id]', 'name of the run', 'latest')
    .option('--output <dir>', 'folder of the reports', nonEmpty, 'reports')
    .addOption(new Option('--port <n>', 'port').argParser(anyPort).default(0, 'any free port'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ bouncelab show-report\n  $ bouncelab show-report 20261123-094512-ab12cd',
    )
    .action(async (run: string, options: ShowReportCommand) => {
      const { showReport } = await import('./show-report.js');
      done(await showReport(run, options, io));
    });
}
