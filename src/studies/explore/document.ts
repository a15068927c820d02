// The scenario of an experiment as plain data with the keys of the file format, so that a failing one can be
// made smaller and written to a file that `bouncelab run` plays.

import { stringify } from 'yaml';

/** Plain data, as in YAML. */
export type Data = string | number | boolean | null | Data[] | { [key: string]: Data };

/** A scenario with the keys of its file. */
export type ScenarioDocument = { [key: string]: Data };

/**
 * The text of a scenario file.
 *
 * @param comment lines for the head of the file
 */
export function documentText(document: ScenarioDocument, comment: readonly string[] = []): string {
  const head = comment.map((line) => `# ${line}\n`).join('');
  return head + stringify(document, { lineWidth: 100, flowCollectionPadding: true });
}

/** Number of values in a document, as a measure of its size. */
export function sizeOf(data: Data): number {
  if (typeof data !== 'object' || data === null) return 1;
  const parts = Array.isArray(data) ? data : Object.values(data);
  return parts.reduce<number>((sum, part) => sum + sizeOf(part), 1);
}
