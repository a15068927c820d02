// An experiment as it is drawn: a scenario as plain data, in the words of the file format, so that
// what was found can be made smaller and written down as a file that anybody can run.

import { stringify } from 'yaml';

/** Plain data: what YAML holds. */
export type Data = string | number | boolean | null | Data[] | { [key: string]: Data };

/** A scenario in the words of its file. */
export type ScenarioDocument = { [key: string]: Data };

/**
 * The text of a scenario file.
 *
 * @param comment lines that stand above it, for people
 */
export function documentText(document: ScenarioDocument, comment: readonly string[] = []): string {
  const head = comment.map((line) => `# ${line}\n`).join('');
  return head + stringify(document, { lineWidth: 100, flowCollectionPadding: true });
}

/** Values in a document, as a measure of how much there is to read. */
export function sizeOf(data: Data): number {
  if (typeof data !== 'object' || data === null) return 1;
  const parts = Array.isArray(data) ? data : Object.values(data);
  return parts.reduce<number>((sum, part) => sum + sizeOf(part), 1);
}
