// `bouncelab policy list` prints the shipped policies, `policy show` the times of attempts under one policy.

import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { displayWidth, pad, truncate } from '../../reporters/terminal/layout.js';
import { terminalLine } from '../../reporters/text.js';
import { listPolicies, loadPolicy, summaryOf, unknownPolicy } from '../../policy/policy-file.js';
import { timetables } from '../../policy/timetable.js';
import { printProblems } from '../errors.js';
import type { Io } from '../io.js';
import { policyLines } from './policy-lines.js';
import pc from 'picocolors';

/** `policy list` */
export function listPolicyFiles(options: { json: boolean }, { stdout }: Io): ExitCode {
  const policies = listPolicies().map((name) => ({ name, summary: summaryOf(name) }));
  if (options.json) {
    stdout.write(`${JSON.stringify(policies, null, 2)}\n`);
    return EXIT.passed;
  }
  const colors = pc.createColors(stdout.color);
  const widest = Math.max(...policies.map(({ name }) => displayWidth(name)));
  const columns = stdout.isTTY ? Math.max(20, stdout.columns()) : Infinity;
  for (const { name, summary } of policies) {
    stdout.write(`${colors.bold(pad(name, widest))}  ${truncate(summary, columns - widest - 2)}\n`);
  }
  return EXIT.passed;
}

/**
 * `policy show`
 *
 * @param name of a shipped policy, or a path
 * @throws BouncelabError E_USAGE for an unknown policy
 */
export function showPolicy(name: string, options: { json: boolean }, io: Io): ExitCode {
  const loaded = loadPolicy(name, io.cwd, io.cwd);
  if (!loaded) {
    const { message, hint } = unknownPolicy(name);
    throw new BouncelabError('E_USAGE', message, { hint });
  }
  if ('problems' in loaded) {
    printProblems(loaded.problems, '', io.stderr);
    return EXIT.invalidScenario;
  }
  const { policy } = loaded;
  if (options.json) {
    io.stdout.write(`${JSON.stringify({ policy, timetables: timetables(policy) }, null, 2)}\n`);
    return EXIT.passed;
  }
  const summary = listPolicies().includes(name) ? summaryOf(name) : '';
  const columns = Math.max(20, io.stdout.columns());
  const lines = policyLines(policy, terminalLine(summary), columns, pc.createColors(io.stdout.color));
  for (const line of lines) io.stdout.write(`${line}\n`);
  return EXIT.passed;
}
