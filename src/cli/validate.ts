// `bouncelab validate`: every problem of every file, without playing anything.

import pc from 'picocolors';
import { EXIT, type ExitCode } from '../errors.js';
import { plural } from '../reporters/figures.js';
import { selectScenarios } from '../scenarios/selection.js';
import { problemLines } from './errors.js';
import { inputsOr } from './inputs.js';
import type { Io } from './io.js';

/** @throws what selecting throws */
export function validate(files: string[], io: Io): ExitCode {
  const entries = selectScenarios({ inputs: inputsOr(files), cwd: io.cwd });
  const columns = Math.max(20, io.stdout.columns());
  const colors = pc.createColors(io.stdout.color);
  let problems = 0;
  for (const entry of entries) {
    for (const problem of entry.problems ?? []) {
      problems++;
      for (const text of problemLines(problem, entry.source, columns, io.stdout.color))
        io.stdout.write(`${text}\n`);
    }
  }
  const invalid = entries.filter((entry) => entry.problems).length;
  if (invalid === 0) {
    io.stdout.write(colors.green(`${plural(entries.length, 'scenario')} valid\n`));
    return EXIT.passed;
  }
  io.stdout.write(
    colors.red(`${plural(problems, 'problem')} in ${invalid} of ${plural(entries.length, 'scenario')}\n`),
  );
  return EXIT.invalidScenario;
}
