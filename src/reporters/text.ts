// Text of unknown origin for each kind of output: names, addresses and replies come from scenarios and
// servers, and may carry escape sequences, bidirectional marks or a line that a CI obeys. What cannot be
// shown as it is becomes visible (`\x1b`, `\u202e`); nothing is dropped in silence.

import { visible } from '../base/printable.js';

/** One line for a terminal: line breaks and tabs become visible as well. */
export function terminalLine(text: string): string {
  return visible(text);
}

/** Several lines for a terminal. A tab becomes one space, so that columns keep their place. */
export function terminalLines(text: string): string[] {
  return text.split(/\r\n|\n/).map((line) => terminalLine(line.replaceAll('\t', ' ')));
}

/**
 * A CI that reads our output obeys lines such as `::add-mask::` (and, anywhere, `##[command]`).
 * Such a line gets its first character written as an escape.
 *
 * @param line one line of output, safe for a terminal, colors allowed
 */
export function withoutCommands(line: string): string {
  return line.replace(/^(\s*):(?=:)/, '$1\\x3a').replaceAll('##[', '#\\x23[');
}

/** Text for an XML 1.0 element, before the escaping of `<` and `&`. */
export function xmlText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split(/([\n\t])/)
    .map((part) => (part === '\n' || part === '\t' ? part : terminalLine(part)))
    .join('');
}

/** Text for an XML 1.0 attribute: a reader would turn line breaks and tabs into blanks. */
export function xmlAttribute(text: string): string {
  return xmlText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** The message of a GitHub workflow command; line breaks are kept, encoded. */
export function workflowMessage(text: string): string {
  return terminalLines(text).join('\n').replaceAll('%', '%25').replaceAll('\n', '%0A');
}

/** A property (`file=`, `title=`) of a GitHub workflow command. */
export function workflowProperty(text: string): string {
  return terminalLine(text).replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll(',', '%2C');
}
