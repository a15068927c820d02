// `bouncelab list`: prints the scenarios with their files, policies and tags, as a table or as JSON.

import pc from 'picocolors';
import { EXIT, type ExitCode } from '../../base/errors.js';
import { plural } from '../../reporters/figures.js';
import { displayWidth, pad, truncate } from '../../reporters/terminal/layout.js';
import type { Screen } from '../../reporters/terminal/screen.js';
import { terminalLine } from '../../reporters/text.js';
import { selectScenarios, type SuiteEntry } from '../../suite/select.js';
import { inputsOr } from '../inputs.js';
import type { Io } from '../io.js';

/** @throws what `selectScenarios` throws */
export function list(files: string[], options: { grep?: string; json: boolean }, io: Io): ExitCode {
  const entries = selectScenarios({ inputs: inputsOr(files), cwd: io.cwd, grep: options.grep });
  if (options.json) io.stdout.write(`${JSON.stringify(entries.map(asJson), null, 2)}\n`);
  else writeTable(entries, io.stdout);
  return entries.some(({ problems }) => problems) ? EXIT.invalidScenario : EXIT.passed;
}

function asJson({ file, plan, problems }: SuiteEntry): Record<string, unknown> {
  if (!plan) return { file, problems: problems.length };
  const { name, description, tags, policy, seed } = plan;
  return { file, name, description: description.trim(), tags, policy: policy.name, seed };
}

/** File, name, policy and tags of each. Lines are cut to the width of a terminal, and whole without one. */
function writeTable(entries: readonly SuiteEntry[], screen: Screen): void {
  const colors = pc.createColors(screen.color);
  const rows = entries.map((entry) => ({ entry, file: terminalLine(entry.file), about: about(entry) }));
  const widest = Math.max(...rows.map(({ file }) => displayWidth(file)));
  const columns = screen.isTTY ? Math.max(20, screen.columns()) : Infinity;
  const fileColumns = Math.min(widest, columns === Infinity ? widest : Math.floor(columns / 2));
  for (const { entry, file, about } of rows) {
    const place = pad(truncate(file, fileColumns), fileColumns);
    const text = truncate(about, columns - fileColumns - 2);
    screen.write(`${colors.dim(place)}  ${entry.plan ? text : colors.yellow(text)}\n`);
  }
}

function about({ plan, problems }: SuiteEntry): string {
  if (!plan) return `invalid: ${plural(problems.length, 'problem')}, see bouncelab validate`;
  const tags = plan.tags.length === 0 ? '' : `  [${plan.tags.join(', ')}]`;
  return terminalLine(`${plan.name}  (${plan.policy.name})${tags}`);
}
