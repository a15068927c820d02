// Replies of the catalogue as a real server says them, and the replies that cause rules name.

import type { Reply, Stage } from '../../src/events/types.js';
import { parseReply } from '../../src/sender/smtp/reply.js';
import { listProfiles, repliesOf, shippedProfile } from '../../src/scenarios/fleet/profile-file.js';
import type { Cause } from '../../src/events/types.js';

/** A reply with the circumstances under which rules see it. */
export interface KnownReply {
  /** `PROVIDER/REPLY`, or the text. */
  name: string;
  provider?: string;
  cause: Cause | undefined;
  reply: Reply;
  stage: Stage;
  host?: string | undefined;
  domain?: string | undefined;
}

/** Values of the placeholders: words without meaning, as in a real reply. */
const FILLED: Record<string, string> = {
  ip: '192.0.2.7',
  rcpt: 'bob@example.org',
  sender: 'bounce@sender.example',
  rcpt_domain: 'example.org',
  from_domain: 'sender.example',
  helo: 'sender.example',
  mx: 'mx1.example.org',
  host: 'mx1.example.org',
  dnsbl: 'zen.dnsbl.example',
};

const filled = (text: string): string =>
  text.replace(/\{([^}]*)\}/g, (_, name: string) => FILLED[name] ?? 'x1');

/** Every reply of the catalogue as it is read from a host of its provider for a recipient there. */
export const catalogueReplies: readonly KnownReply[] = listProfiles().flatMap((id) => {
  const profile = shippedProfile(id)!;
  return repliesOf(profile).map(({ name, cause, stage, reply }) => ({
    name,
    provider: id,
    cause,
    reply: { ...reply, lines: reply.lines.map(filled) },
    stage: stage ?? 'message',
    host: profile.mx[0],
    domain: profile.domains[0],
  }));
});

const byName = new Map(catalogueReplies.map((one) => [one.name, one]));

/**
 * The replies that the remark of a cause rule names: entries of the catalogue, and replies in double quotes.
 *
 * @param stage of a reply in quotes
 */
export function namedReplies(why: string, stage: Stage): KnownReply[] {
  const quoted = [...why.matchAll(/"([45]\d\d [^"]*)"/g)].map(([, text]) => text!);
  const entries = why.replace(/"[^"]*"/g, '').match(/\b[a-z0-9-]+\/[a-z-]+[a-z](?:-\d+)?(?![\w/])/g) ?? [];
  return [
    ...entries.map((name) => byName.get(name) ?? { name, cause: undefined, reply: NOTHING, stage }),
    ...quoted.map((text) => ({ name: text, cause: undefined, reply: parseReply(text)!, stage })),
  ];
}

/** A reply that no rule matches, for an entry that the catalogue does not have. */
const NOTHING: Reply = { code: 250, lines: [''] };
