// The table of reporters. To add one, write its file and add its name here.

import { BouncelabError } from '../base/errors.js';
import { nameHint, quoted } from '../documents/problems.js';
import { githubReporter } from './github.js';
import { jsonReporter } from './json.js';
import { junitReporter } from './junit.js';
import { MarkdownReporter } from './markdown/markdown.js';
import type { Reporter } from './reporter.js';
import type { Screen } from './terminal/screen.js';
import { TerminalReporter } from './terminal/terminal.js';

const REPORTERS = ['terminal', 'json', 'junit', 'markdown', 'github'] as const;
export type ReporterName = (typeof REPORTERS)[number];

/** Reporters for programs: nothing else may be written to standard output beside them. */
export const FOR_PROGRAMS: readonly ReporterName[] = ['json', 'junit', 'markdown'];

/** Where reporters write. */
export interface ReporterOutputs {
  stdout: Screen;
  stderr: Screen;
  /** Turns the path of a scenario into one from the root of the repository. */
  toRepositoryPath(file: string): string;
  /** Appends Markdown to the summary of the CI job; absent outside a CI that has one. */
  summarize?: ((markdown: string) => void) | undefined;
}

/**
 * Parses a list such as `terminal,json`. Repeated names count once.
 *
 * @throws BouncelabError E_USAGE for an unknown name, and for two reporters that both use standard output
 */
export function parseReporters(text: string): ReporterName[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))].map(reporterName);
  const programs = names.filter((name) => FOR_PROGRAMS.includes(name));
  if (programs.length > 1) {
    throw new BouncelabError(
      'E_USAGE',
      `the reporters ${programs.join(' and ')} both write to standard output`,
      {
        hint: 'choose one of them: run.json and junit.xml are in the report folder of every run',
      },
    );
  }
  return names;
}

function reporterName(name: string): ReporterName {
  const known = REPORTERS.find((reporter) => reporter === name);
  if (known) return known;
  throw new BouncelabError('E_USAGE', `there is no reporter ${quoted(name)}`, {
    hint: nameHint(name, REPORTERS, 'reporters'),
  });
}

/** Makes the reporters. Those for people write to standard error when a reporter for programs is among them. */
export function createReporters(names: readonly ReporterName[], outputs: ReporterOutputs): Reporter[] {
  const forPeople = names.some((name) => FOR_PROGRAMS.includes(name)) ? outputs.stderr : outputs.stdout;
  const program = (text: string): void => outputs.stdout.write(text);
  return names.flatMap((name): Reporter[] => {
    switch (name) {
      case 'terminal':
        return [new TerminalReporter(forPeople)];
      case 'json':
        return [jsonReporter(program)];
      case 'junit':
        return [junitReporter(program)];
      case 'markdown':
        return [new MarkdownReporter(program)];
      case 'github':
        return [
          githubReporter(
            (text) => forPeople.write(text),
            (file) => outputs.toRepositoryPath(file),
          ),
          ...(outputs.summarize ? [new MarkdownReporter(outputs.summarize)] : []),
        ];
    }
  });
}
