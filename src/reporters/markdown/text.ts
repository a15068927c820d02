// Text of unknown origin in Markdown, as GitHub and GitLab read it. It is always written as code, where
// nothing is markup, a link or a mention. Invisible characters become visible (`text.ts`).

import { terminalLine, terminalLines } from '../text.js';

/** One line of text as code inside a paragraph. */
export function codeSpan(text: string): string {
  const shown = terminalLine(text).trim();
  // A code span cannot be empty.
  if (shown === '') return '';
  const fence = '`'.repeat(longestRun(shown) + 1);
  const space = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${fence}${space}${shown}${space}${fence}`;
}

/**
 * One line of text as code in a table cell, where a bar ends the cell even inside code. A backslash before
 * the bar prevents that. After another backslash this does not work, so such a bar is written as `\x7c`.
 */
export function cellCode(text: string): string {
  return codeSpan(terminalLine(text).replaceAll('\\|', '\\\\x7c').replaceAll('|', '\\|'));
}

/** Lines of text as a block of code. */
export function codeBlock(lines: readonly string[]): string[] {
  const shown = lines.flatMap(terminalLines);
  const fence = '`'.repeat(Math.max(3, longestRun(shown.join('\n')) + 1));
  return [`${fence}text`, ...shown, fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
}
