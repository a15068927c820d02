// Addresses that name their own behavior, as seen by a client on the wire.

import { describe, expect, it } from 'vitest';
import { profilePlan, shippedProfile } from '../../src/scenarios/fleet/profile-file.js';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import type { ProfilePlan } from '../../src/simulator/plan.js';
import { readShorthand } from '../../src/simulator/behaviors/shorthand.js';
import { does, Lab, mailboxDoes, type FleetDomain } from './raw-client.js';

const SHORT: FleetDomain = { shorthand: true };

/** Makes attempts one after the other at a fleet that reads addresses. @returns the last reply of each */
async function lastReplies(recipients: string[], domain = SHORT, apartMs = 0): Promise<string[]> {
  const lab = new Lab({ 'example.org': domain });
  const seen: string[] = [];
  await lab.play(async () => {
    for (const recipient of recipients) {
      seen.push((await lab.attempt(`${recipient}@example.org`)).at(-1)!.trimEnd());
      await lab.sleep(apartMs);
    }
  });
  return seen;
}

const ACCEPTED = '250 2.0.0 Ok: queued as 1.1';

describe('an address that names a behavior is answered', () => {
  it.each([
    ['bob+mailbox-full', '452 4.2.2 Mailbox full'],
    ['bob+mailbox-full-permanent', '552 5.2.2 Mailbox full'],
    ['Bob+MAILBOX-Full-Permanent-Data', '552 5.2.2 Mailbox full'],
    ['bob+nonexistent-user', '550 5.1.1 <bob+nonexistent-user@example.org>: Recipient address rejected'],
    ['bob+nonexistent-user-message', '550 5.1.1 <bob+nonexistent-user-message@example.org>: '],
    ['bob+mailbox-disabled', '550 5.2.1 '],
    ['bob+junk-block', '554 5.7.1 '],
    ['bob+busy', '450 4.3.2 '],
    ['bob+busy-data', '451 4.3.2 '],
    ['bob+greylist-1h', '451 4.7.1 '],
    ['bob+blocklisted', '554 5.7.1 '],
    ['bob+too-big-1b', '552 5.3.4 '],
    ['bob+550-5.1.1', '550 5.1.1 Said because the address asks for it'],
    ['bob+550', '550 Said because the address asks for it'],
    ['bob+421-4.7.0-message', '421 4.7.0 Said because the address asks for it'],
    ['bob+251-2.1.5-message', '251 2.1.5 Said because the address asks for it'],
    ['bob+accept-junk', ACCEPTED],
    ['bob+return-later-10m-5.2.2', ACCEPTED],
  ])('%s: %s', async (recipient, expected) => {
    const [reply] = await lastReplies([recipient]);
    expect(reply!.slice(0, expected.length)).toBe(expected);
  });

  it('at the stage that it names, and not before', async () => {
    const lab = new Lab({ 'example.org': SHORT });
    await lab.play(async () => {
      const stages = async (to: string): Promise<number> => (await lab.attempt(`${to}@example.org`)).length;
      expect(await stages('bob+busy')).toBe(2);
      expect(await stages('bob+busy-data')).toBe(3);
      expect(await stages('bob+busy-message')).toBe(4);
    });
  });

  it('for the given number of attempts, counted for each recipient', async () => {
    const seen = await lastReplies(['a+busy-x2', 'b+busy-x2', 'a+busy-x2', 'a+busy-x2', 'b+busy-x2']);
    expect(seen.map((reply) => reply.slice(0, 3))).toEqual(['450', '450', '450', '250', '450']);
  });

  it('with several behaviors, in turn', async () => {
    const to = 'bob+busy-x1+mailbox-full-x1+550-5.7.1';
    const seen = await lastReplies([to, to, to, to]);
    expect(seen.map((reply) => reply.slice(0, 3))).toEqual(['450', '452', '550', '550']);
  });

  it('and greylisting remembers each address', async () => {
    const seen = await lastReplies(['a+greylist-10m', 'b+greylist-10m', 'a+greylist-10m'], SHORT, 6 * 60_000);
    expect(seen.map((reply) => reply.slice(0, 3))).toEqual(['451', '451', '250']);
  });

  it('slow: each reply from RCPT on is late', async () => {
    const lab = new Lab({ 'example.org': SHORT });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      const took = async (line: string): Promise<number> => {
        const since = lab.clock.now();
        await client.ask(line);
        return lab.clock.now() - since;
      };
      expect(await took('MAIL FROM:<a@b.test>')).toBe(10);
      expect(await took('RCPT TO:<bob+slow-30s@example.org>')).toBe(30_010);
      expect(await took('DATA')).toBe(30_010);
    });
  });

  it.each(['message', 'body', 'rcpt'])('disconnect at %s: no reply', async (stage) => {
    const lab = new Lab({ 'example.org': SHORT });
    await lab.play(async () => {
      const replies = await lab.attempt(`bob+disconnect-${stage}@example.org`);
      expect(replies.at(-1)).toBe('');
      expect(replies).toHaveLength(stage === 'rcpt' ? 2 : 4);
    });
    expect(lab.told('message.accepted')).toEqual([]);
  });

  it('disconnect-message-kept-rst: the message is accepted all the same', async () => {
    const lab = new Lab({ 'example.org': SHORT });
    await lab.play(async () => {
      expect((await lab.attempt('bob+disconnect-message-kept-rst@example.org')).at(-1)).toBe('');
    });
    expect(lab.told('message.accepted')).toHaveLength(1);
  });

  it('every behavior that can act for one mailbox has a form', () => {
    const forms: Record<string, string> = {
      throttle: '-60/h',
      'return-later': '-1h',
      'auto-reply': '-1h',
    };
    const unknown = [...BEHAVIORS.keys()].filter(
      (name) => 'message' in readShorthand(`bob+${name}${forms[name] ?? ''}`)!,
    );
    // Those that act before the recipient is known, the one that begins with its code instead, and the
    // one whose name has a slash.
    expect(unknown).toEqual(['down', 'unreachable', 'tls-broken', 'reply', 'catalogue']);
  });
});

describe('with the profile of a provider', () => {
  it('an address is answered with its text, at its stage and with its code', async () => {
    const lab = new Lab({ 'yahoo.com': { shorthand: true, profile: profileOf('yahoo') } });
    await lab.play(async () => {
      const ghost = await lab.attempt('bob+nonexistent-user@yahoo.com');
      expect(ghost).toHaveLength(4);
      expect(ghost[3]).toMatch(/^554 delivery error: dd This user doesn't have a yahoo\.com account/);
      const full = await lab.attempt('bob+mailbox-full@yahoo.com');
      expect(full).toHaveLength(4);
      expect(full[3]).toMatch(/^552 5\.2\.2 /);
      const early = await lab.attempt('bob+mailbox-full-rcpt@yahoo.com');
      expect(early).toHaveLength(2);
    });
  });
});

/** A shipped profile as the loader would plan it. */
function profileOf(name: string): ProfilePlan {
  return profilePlan(shippedProfile(name)!);
}

describe('an address names no behavior', () => {
  it.each([
    ['nothing after the plus', 'bob+'],
    ['an unknown word', 'bob+newsletter-2026'],
    ['a name that goes on', 'bob+busyness'],
    ['a word that the behavior does not know', 'bob+mailbox-full-soon'],
    ['a stage that it does not have', 'bob+greylist-data'],
    ['a stage before the recipient is known', 'bob+busy-connect'],
    ['a behavior before the recipient is known', 'bob+down'],
    ['no attempts at all', 'bob+busy-x0'],
    ['one thing said twice', 'bob+slow-30s-40s'],
    ['a code that is none', 'bob+650-5.1.1'],
    ['an argument that goes only with another', 'bob+disconnect-kept'],
    ['a second behavior that is none', 'bob+busy-x1+newsletter'],
    ['a second behavior that could never act', 'bob+mailbox-full+busy'],
    ['no plus', 'mailbox-full'],
    ['a reply without its code', 'bob+reply'],
    ['a time that is missing', 'bob+return-later'],
  ])('%s: %s', async (_title, recipient) => {
    expect(await lastReplies([recipient])).toEqual([ACCEPTED]);
  });

  it('on a domain without `shorthand`', async () => {
    expect(await lastReplies(['bob+mailbox-full'], {})).toEqual([ACCEPTED]);
  });

  it('when its mailbox is listed', async () => {
    const named = {
      shorthand: true,
      mailboxes: { 'bob+*': [mailboxDoes('nonexistent-user')] },
      behaviors: [does('mailbox-full', {})],
    };
    const seen = await lastReplies(['bob+busy', 'eve+busy', 'eve', 'eve+news'], named);
    expect(seen.map((reply) => reply.slice(0, 3))).toEqual(['550', '450', '452', '452']);
  });
});
