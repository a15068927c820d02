// The `github` reporter: workflow commands that put each failure and each warning on its line of the scenario
// file in a pull request, and a notice on each that was skipped. `bouncelab run` adds it where GITHUB_ACTIONS is set.

import type { RunResult, Warning } from '../results/result.js';
import { comparison } from './comparison.js';
import type { Reporter } from './reporter.js';
import { workflowMessage, workflowProperty } from './text.js';

/** Lines of detail in an annotation, which GitHub shows in a small box; the log has all of them. */
const DETAILS_MAX = 10;

/**
 * @param write receives the text
 * @param toRepositoryPath turns the path of a scenario into one from the root of the repository
 */
export function githubReporter(
  write: (text: string) => void,
  toRepositoryPath: (file: string) => string,
): Reporter {
  return {
    onRunEnd(run: RunResult) {
      for (const scenario of run.scenarios) {
        if (scenario.reason !== undefined) {
          const { file, name, reason } = scenario;
          const properties = `file=${workflowProperty(toRepositoryPath(file))},title=${workflowProperty(name)}`;
          write(`::notice ${properties}::${workflowMessage(`skipped: ${reason}`)}\n`);
        }
        const annotate = (kind: 'error' | 'warning', place: Warning, message: string): void => {
          const properties = [
            `file=${workflowProperty(toRepositoryPath(place.file))}`,
            `line=${place.line}`,
            `col=${place.column}`,
            `title=${workflowProperty(scenario.name)}`,
          ];
          write(`::${kind} ${properties.join(',')}::${workflowMessage(message)}\n`);
        };
        for (const failure of scenario.failures) {
          const lines = [
            failure.message,
            comparison(failure),
            ...(failure.details ?? []).slice(0, DETAILS_MAX),
          ];
          const message = lines.filter((line) => line !== '').join('\n');
          annotate('error', failure, message);
        }
        for (const warning of scenario.warnings) annotate('warning', warning, warning.message);
      }
    },
  };
}
