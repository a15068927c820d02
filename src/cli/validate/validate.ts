// `bouncelab validate`: prints every problem of every file, without playing anything.

import pc from 'picocolors';
import { EXIT, type ExitCode } from '../../base/errors.js';
import { plural } from '../../reporters/figures.js';
import { validateFile, type FileKind } from '../../suite/file-kind.js';
import { terminalLine } from '../../reporters/text.js';
import { findScenarios } from '../../suite/find.js';
import { printProblems, printWarnings } from '../errors.js';
import { inputsOr } from '../inputs.js';
import type { Io } from '../io.js';
import { takenLines } from './taken.js';

const PLURALS: Record<FileKind, string> = {
  scenario: 'scenarios',
  policy: 'policies',
  'file of causes': 'files of causes',
  profile: 'profiles',
  baseline: 'baselines',
};

/** @throws AggregateError of BouncelabErrors for inputs that do not exist */
export function validate(files: string[], io: Io): ExitCode {
  const found = findScenarios(inputsOr(files), io.cwd);
  if (found.problems.length > 0) throw new AggregateError(found.problems, 'some inputs do not exist');
  const colors = pc.createColors(io.stdout.color);
  const kinds: FileKind[] = [];
  let [problems, invalid] = [0, 0];
  for (const file of found.files) {
    const checked = validateFile(file, io.cwd);
    kinds.push(checked.kind);
    problems += checked.problems.length;
    if (checked.problems.length > 0) invalid++;
    for (const line of takenLines(checked.taken ?? {})) io.stdout.write(`${terminalLine(line)}\n`);
    printWarnings(checked.warnings ?? [], checked.leftOut ?? 0, checked.source, io.stdout);
    printProblems(checked.problems, checked.source, io.stdout);
  }
  if (invalid === 0) {
    io.stdout.write(colors.green(`${counted(kinds)} valid\n`));
    return EXIT.passed;
  }
  io.stdout.write(colors.red(`${plural(problems, 'problem')} in ${invalid} of ${counted(kinds)}\n`));
  return EXIT.invalidScenario;
}

/** `2 scenarios, 1 policy` */
function counted(kinds: readonly FileKind[]): string {
  return (Object.keys(PLURALS) as FileKind[])
    .map((kind) => [kind, kinds.filter((one) => one === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => (count === 1 ? `1 ${kind}` : `${count.toLocaleString('en-US')} ${PLURALS[kind]}`))
    .join(', ');
}
