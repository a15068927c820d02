// The reporters of a command: their names, and where they write on this machine and in the CI of GitHub.

import { appendFileSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { parseReporters, type ReporterName, type ReporterOutputs } from '../reporters/index.js';
import { terminalLine } from '../reporters/text.js';
import type { Io } from './io.js';

/**
 * The reporters of a list such as `terminal,json`, and that of GitHub in its CI.
 *
 * @throws BouncelabError E_USAGE for an unknown name, and for two reporters that both use standard output
 */
export function reportersFor(list: string | undefined, { env }: Io): ReporterName[] {
  const names = parseReporters(list ?? 'terminal');
  if (env.GITHUB_ACTIONS === 'true' && !names.includes('github')) names.push('github');
  return names;
}

/** Where reporters write. */
export function reporterOutputs(io: Io): ReporterOutputs {
  return {
    stdout: io.stdout,
    stderr: io.stderr,
    toRepositoryPath: (file) => repositoryPath(file, io),
    summarize: jobSummary(io),
  };
}

/** Appends to the job summary of GitHub. A failure to write it is reported and does not fail the run. */
function jobSummary({ env, stderr }: Io): ((markdown: string) => void) | undefined {
  const file = env.GITHUB_STEP_SUMMARY;
  if (file === undefined || file === '') return undefined;
  return (markdown) => {
    try {
      appendFileSync(file, markdown);
    } catch (error) {
      const why = terminalLine((error as Error).message);
      stderr.write(`the summary of the job cannot be written: ${why}\n`);
    }
  };
}

/** GitHub expects paths from the root of the repository, not from the working directory. */
function repositoryPath(file: string, io: Io): string {
  const root = io.env.GITHUB_WORKSPACE;
  if (root === undefined) return file;
  const path = relative(root, resolve(io.cwd, file));
  return path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/');
}
