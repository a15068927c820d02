// The replies of a provider's profile: which one a behavior sends, and the placeholders in it, filled with
// what the host knows.

import { domainOf, localPartOf, mailboxName } from '../../base/addresses.js';
import type { Cause, Reply } from '../../events/types.js';
import type { Random } from '../../base/random.js';
import { RECIPIENT_POINTS } from './behavior.js';
import type { BehaviorDefinition, Scope, Situation, Words } from './behavior.js';
import type { Point, ProfilePlan, WordPlan } from '../plan.js';

/** Points of a transaction: a reply recorded at one of them fits the others too. */
const OF_A_MESSAGE: readonly string[] = ['mail', 'rcpt', 'data', 'message'];

/** The replies of a profile, for the behaviors of a host. */
export function wordsOf({ words }: ProfilePlan): Words {
  return ({ cause, permanent, point, situation }) => {
    const chosen = chooseWords(words, cause, permanent, point);
    return chosen && fillReply(chosen.reply, situation);
  };
}

/**
 * The reply of a provider for a cause at a point: one recorded at that point, else one whose point is not
 * known, else one recorded at another point of the transaction.
 */
function chooseWords(
  words: readonly WordPlan[],
  cause: Cause,
  permanent: boolean,
  point: string,
): WordPlan | undefined {
  const fitting = words.filter((word) => word.cause === cause && word.reply.code >= 500 === permanent);
  return (
    fitting.find(({ stage }) => stage === point) ??
    fitting.find(({ stage }) => stage === undefined && point !== 'connect') ??
    fitting.find(
      ({ stage, reply }) =>
        reply.code !== 421 &&
        stage !== undefined &&
        OF_A_MESSAGE.includes(stage) &&
        OF_A_MESSAGE.includes(point),
    )
  );
}

/** Causes that are temporary; all others are permanent. */
const TEMPORARY: ReadonlySet<string> = new Set(['server-busy', 'greylisted', 'throttled']);

/**
 * The point at which a provider sends the reply of a behavior, as its profile has it: an unknown user after
 * the final dot, for example. Sets `permanent` in `params` when the provider has only the permanent reply.
 *
 * @returns undefined when the behavior's default point is used
 */
export function recordedPoint(
  { cause, parameters, points }: BehaviorDefinition,
  params: Record<string, unknown>,
  isGiven: (parameter: string) => boolean,
  scope: Scope,
  profile: ProfilePlan | undefined,
): Point | undefined {
  if (!profile || cause === undefined || !('stage' in parameters.shape)) return undefined;
  const said = (permanent: boolean): WordPlan | undefined =>
    profile.words.find((word) => word.cause === cause && word.reply.code >= 500 === permanent);
  if ('permanent' in parameters.shape && !isGiven('permanent') && !said(false) && said(true)) {
    params['permanent'] = true;
  }
  const permanent = 'permanent' in parameters.shape ? params['permanent'] === true : !TEMPORARY.has(cause);
  const stage = said(permanent)?.stage;
  if (stage === undefined || !points.includes(stage)) return undefined;
  return scope === 'mailbox' && !RECIPIENT_POINTS.includes(stage) ? undefined : stage;
}

/** What placeholders are filled with. */
export type Known = Pick<Situation, 'client' | 'sender' | 'recipient' | 'attempt' | 'host' | 'domain'> & {
  random: Random;
  date: () => Date;
};

/** Fills the placeholders of a reply. */
export function fillReply(reply: Reply, known: Known): Reply {
  return { ...reply, lines: reply.lines.map((text) => fillText(text, known)) };
}

/**
 * Fills placeholders such as {rcpt} and {id}. Ids are drawn from seed, host, recipient and attempt, so
 * that the same reply has the same id in every run. A part that the source left out, {...}, becomes dots.
 */
export function fillText(text: string, known: Known): string {
  if (!text.includes('{')) return text;
  return text.replace(/\{([^{}]+)\}/g, (whole, name: string) => PLACEHOLDERS[name]?.(known) ?? whole);
}

/** Placeholders that can be filled. */
export const PLACEHOLDERS: Readonly<Record<string, (known: Known) => string>> = {
  ip: ({ client }) => client,
  range: ({ client }) => client.replace(/\.\d+$/, '.0/24'),
  rcpt: ({ recipient, domain }) => recipient || `postmaster@${domain}`,
  rcpt_domain: ({ domain }) => domain,
  name: ({ recipient }) => mailboxName(localPartOf(recipient)),
  sender: ({ sender }) => sender,
  from_domain: ({ sender }) => domainOf(sender),
  helo: ({ sender }) => domainOf(sender),
  mx: ({ host }) => host,
  host: ({ host }) => host,
  id: ({ random, host, recipient, attempt }) =>
    ['high', 'low']
      .map((half) => hex32(random.fraction('reply id', half, host, recipient, attempt)))
      .join(''),
  date: ({ date }) => date().toISOString(),
  epoch: ({ date }) => String(Math.floor(date().getTime() / 1000)),
  dnsbl: () => 'dnsbl.example',
  url: ({ domain }) => `https://postmaster.${domain}/`,
  reason: () => 'policy',
  limit: () => '100',
  '...': () => '...',
};

function hex32(fraction: number): string {
  return Math.floor(fraction * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
