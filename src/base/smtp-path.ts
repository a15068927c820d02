// The path of MAIL and RCPT: the mailbox between angle brackets (RFC 5321, 4.1.2). A quoted local part may itself
// contain spaces, angle brackets and an @, which smtp-server and simple patterns do not expect.

import { wireAddress } from './addresses.js';

const PATH = /<((?:"(?:[^"\\]|\\.)*"|[^"<>])*)>/;
/** Parsed by the library in place of a path with quotes. */
const PLACEHOLDER = '<quoted@placeholder.invalid>';
/** Must be accepted and should be ignored (RFC 5321, C). */
const SOURCE_ROUTE = /^@[^\s,:@"]+(?:,@[^\s,:@"]+)*:/;

/** The mailbox in a command line, as written and without a source route; undefined without one or with an open quote. */
export function pathIn(line: string): string | undefined {
  return PATH.exec(line)?.[1]?.replace(SOURCE_ROUTE, '');
}

/**
 * Parses MAIL or RCPT by smtp-server, also with a quoted local part.
 *
 * @param parse the method of the library
 * @returns false for a syntax error, such as a quote that is not closed
 */
export function parsePath<P extends { address: string }>(
  command: Buffer | string,
  parse: (command: Buffer | string) => P | false,
): P | false {
  const line = command.toString();
  if (!line.includes('"')) return parse(command);
  const path = pathIn(line);
  if (path === undefined) return false;
  if (!path.includes('"')) return parse(command);
  const parsed = parse(line.replace(PATH, PLACEHOLDER));
  return parsed && { ...parsed, address: wireAddress(path) };
}
