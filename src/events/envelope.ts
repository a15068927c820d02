// The envelope in the commands of a session: the return path names the mailing, the recipient the
// contact.

import { addressKey } from '../base/addresses.js';
import { pathIn } from '../base/smtp-path.js';

/** `bounce+MAILING+RECIPIENT@...`, see the sender's return path. */
const RETURN_PATH = /bounce\+([a-z0-9-]+)\+/i;
const RCPT = /^RCPT TO:\s*</i;
/** As nearly every client writes it: no quotes, no source route, no other domain than ASCII, and small letters. */
const SIMPLE_RCPT = /^RCPT TO:<([a-z0-9.+_=-]+@[a-z0-9.-]+)>/;

/**
 * The mailing named by a return path, in a MAIL command or alone.
 *
 * @param mailings those of the run. When there is only one, it is returned for any return path: an external sender
 *   uses its own
 */
export function mailingOf(mailFrom: string, mailings: ReadonlyMap<string, unknown>): string | undefined {
  const name = RETURN_PATH.exec(mailFrom)?.[1];
  if (name !== undefined && mailings.has(name)) return name;
  return mailings.size === 1 ? mailings.keys().next().value : undefined;
}

/** The key of the recipient of a RCPT command; undefined for any other command. */
export function recipientOf(line: string): string | undefined {
  const simple = SIMPLE_RCPT.exec(line)?.[1];
  if (simple !== undefined) return simple;
  const path = RCPT.test(line) ? pathIn(line) : undefined;
  return path === undefined ? undefined : addressKey(path);
}
