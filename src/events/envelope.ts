// What the commands of a dialogue tell of the delivery behind it: the mailing by the return path,
// the contact by the recipient.

/** `bounce+MAILING+RECIPIENT@...`, see the sender's return path. */
const RETURN_PATH = /bounce\+([a-z0-9-]+)\+/i;
const RCPT = /^RCPT TO:\s*<([^>]*)>/i;

/**
 * The mailing named by a return path, in a MAIL command or alone.
 *
 * @param mailings those that there are: a sender with return paths of its own can still be told
 *   apart when there is only one
 */
export function mailingOf(mailFrom: string, mailings: ReadonlyMap<string, unknown>): string | undefined {
  const name = RETURN_PATH.exec(mailFrom)?.[1];
  if (name !== undefined && mailings.has(name)) return name;
  const [first, ...others] = mailings.keys();
  return others.length === 0 ? first : undefined;
}

/** The recipient of a RCPT command in lower case; undefined for any other command. */
export function recipientOf(line: string): string | undefined {
  return RCPT.exec(line)?.[1]?.toLowerCase();
}
