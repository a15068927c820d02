// Escapes text of unknown origin for each kind of output. Names, addresses and replies come from scenarios
// and servers, and may hold escape sequences, bidirectional marks or lines that a CI takes for commands.
// Such characters are written as escapes (`\x1b`, `\u202e`); none is dropped.

import { visible } from '../base/printable.js';

/** One line for a terminal: line breaks and tabs are escaped as well. */
export function terminalLine(text: string): string {
  return visible(text);
}

/** Several lines for a terminal. A tab becomes one space, so that columns stay aligned. */
export function terminalLines(text: string): string[] {
  return text.split(/\r\n|\n/).map((line) => terminalLine(line.replaceAll('\t', ' ')));
}

/**
 * Disables commands of a CI that reads the output: lines such as `::add-mask::`, and `##[command]` anywhere.
 * One character of each is written as an escape.
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

/** Text for an XML 1.0 attribute. Line breaks and tabs are escaped: XML parsers turn them into blanks. */
export function xmlAttribute(text: string): string {
  return xmlText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** The message of a GitHub workflow command; line breaks are encoded. */
export function workflowMessage(text: string): string {
  return terminalLines(text).join('\n').replaceAll('%', '%25').replaceAll('\n', '%0A');
}

/** A property (`file=`, `title=`) of a GitHub workflow command. */
export function workflowProperty(text: string): string {
  return terminalLine(text).replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll(',', '%2C');
}
