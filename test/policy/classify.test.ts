// Classifying a reply: the outcome by its code, the cause by its text.

import { describe, expect, test } from 'vitest';
import { evidenceOf } from '../../src/events/reply-text.js';
import type { Cause, Outcome, Stage } from '../../src/events/types.js';
import { causeOf, liesWithRecipient, outcomeOf, overridden } from '../../src/policy/classify.js';
import type { PolicyOverride } from '../../src/policy/retry-policy.js';
import { parseReply } from '../../src/sender/smtp/reply.js';
import { policy } from '../support/policies.js';

describe('the outcome', () => {
  test.each<[number, Outcome]>([
    [250, 'accepted'],
    [299, 'accepted'],
    [421, 'deferred'],
    [450, 'deferred'],
    [499, 'deferred'],
    [500, 'rejected'],
    [554, 'rejected'],
    [599, 'rejected'],
    [354, 'unreachable'],
  ])('of %i is %s', (code, outcome) => {
    expect(outcomeOf({ code, lines: [''] })).toBe(outcome);
  });

  test('does not depend on the text', () => {
    expect(outcomeOf({ code: 450, enhanced: '4.1.1', lines: ['User unknown'] })).toBe('deferred');
    expect(outcomeOf({ code: 550, enhanced: '5.7.1', lines: ['Temporary, try again later'] })).toBe(
      'rejected',
    );
  });
});

describe('the cause', () => {
  test.each<[string, Cause, Stage?]>([
    // A full mailbox is reported with a permanent code, a temporary one and without enhanced code.
    ['452 4.2.2 Mailbox full', 'mailbox-full'],
    ['552 5.2.2 Mailbox full', 'mailbox-full'],
    ['452 4.2.2 The email account that you tried to reach is over quota.', 'mailbox-full'],
    [
      '552-5.2.2 The email account that you tried to reach is\n552 5.2.2 out of storage space.',
      'mailbox-full',
    ],
    ['552 Requested mail action aborted: exceeded storage allocation', 'mailbox-full'],
    ['452 Requested action not taken: insufficient system storage', 'server-busy'],
    ['452 4.3.1 Insufficient system storage', 'server-busy'],
    ['550 Mailbox is full', 'mailbox-full'],
    ['554 Quota exceeded', 'mailbox-full'],

    ['550 5.1.1 User unknown', 'user-unknown'],
    ['550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown', 'user-unknown'],
    ['550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found', 'user-unknown'],
    [
      '550-5.1.1 The email account that you tried to reach does not exist.\n550 5.1.1 Try again',
      'user-unknown',
    ],
    ['550 No such user here', 'user-unknown'],
    ['450 4.1.1 <bob@example.org>: Recipient address rejected: unverified address', 'user-unknown'],
    ['550 Requested action not taken: mailbox unavailable', 'user-unknown', 'rcpt'],
    ['550 Denied', 'policy', 'message'],

    ['550 5.2.1 The email account that you tried to reach is disabled.', 'mailbox-disabled'],
    ['550 5.2.1 Mailbox disabled, not accepting messages', 'mailbox-disabled'],
    ['554 This account has been suspended', 'mailbox-disabled'],

    // 550 and 421 also report a rate limit; neither cause lies with the mailbox.
    ['550 too many connections from your host', 'throttled', 'rcpt'],
    ['550 5.7.1 Too many messages from your address today', 'throttled', 'rcpt'],
    ['421 4.7.28 Our system has detected an unusual rate of mail', 'throttled'],
    ['450 4.2.1 The user you are trying to contact is receiving mail too quickly', 'throttled'],
    ['421 Too many concurrent SMTP connections', 'throttled', 'connect'],
    ['452 4.5.3 Too many recipients', 'throttled'],

    ['451 4.7.1 Greylisting in action, please come back later', 'greylisted'],
    ['450 4.2.0 <bob@example.org>: Recipient address rejected: Greylisted', 'greylisted'],
    ['450 graylisted', 'greylisted'],
    ['451 grey-listed for 300 seconds', 'greylisted'],

    ['554 5.7.1 Message rejected: classified as spam', 'spam-block', 'message'],
    ['554 Message looks like spam', 'spam-block', 'message'],
    ['550 5.7.1 Our system has detected that this message is likely unsolicited mail', 'spam-block'],
    [
      '554 5.7.1 Service unavailable; client host [192.0.2.1] blocked using zen.spamhaus.org',
      'ip-blocklisted',
      'rcpt',
    ],
    ['550 5.7.1 Your IP is on our block list', 'ip-blocklisted', 'connect'],
    [
      '550 5.7.26 Unauthenticated email is not accepted due to the DMARC policy of the domain',
      'auth-failure',
    ],
    ['550 5.7.23 SPF validation failed', 'auth-failure'],
    ['550 5.7.26 This mail is unauthenticated', 'auth-failure'],
    ['554 5.6.0 Message contains a virus', 'content-block', 'message'],
    ['554 Message refused: malware found', 'content-block', 'message'],

    ['552 5.3.4 Message size exceeds fixed maximum message size', 'message-too-big'],
    ['552 message too large', 'message-too-big'],
    ['554 5.7.1 Relay access denied', 'relay-denied'],
    ['550 relaying denied', 'relay-denied'],
    ['550 5.7.1 Message refused by policy', 'policy'],

    ['421 4.3.2 Service not available, closing transmission channel', 'server-busy', 'connect'],
    ['421 Service not available', 'server-busy', 'connect'],
    ['421 goodbye', 'server-busy', 'data'],
    ['451 4.3.0 Temporary failure, please try again', 'server-busy'],
    ['450 Mailbox temporarily not available', 'server-busy', 'rcpt'],
    ['503 Bad sequence of commands', 'protocol-error'],
    ['500 5.5.2 Syntax error', 'protocol-error'],
    ['554 No', 'other'],
    ['450 No', 'other'],

    // A check of the sender says nothing about the recipient.
    ['550-Verification failed for <news@s.example>\n550-No such user\n550 Sender verify failed', 'policy'],
    [
      '550-Verification failed for <news@s.example>\n550-Unrouteable address\n550 Sender verify failed',
      'policy',
    ],
    ['550 5.1.0 <n@s.example>: Sender address rejected: User unknown in virtual mailbox table', 'policy'],
    ['450 4.1.7 <n@s.example>: Sender address rejected: unverified address: timed out', 'policy', 'mail'],
    ['550 5.1.7 Sender mailbox does not exist', 'policy'],

    // A directory is no block list, and a limit of a mailbox is no rate.
    ['550 5.1.1 User bob not listed in Domino Directory', 'user-unknown'],
    ['550 eve not listed in public Name & Address Book', 'user-unknown'],
    ['452 4.2.2 The mailbox has exceeded the limit', 'mailbox-full'],
    ['552 5.2.2 Too many messages in this mailbox', 'mailbox-full'],
    ['452 mailbox exceeded its size limit', 'mailbox-full'],
    ['552 Account(s) <bob@example.org> does not have enough space', 'mailbox-full'],
    ['550 Das Postfach ist voll', 'mailbox-full'],
    ['550 5.7.1 Submission quota exceeded', 'throttled'],
    ['554 5.7.0 The limit on the number of outgoing messages was exceeded', 'throttled'],
    ['421 Connection refused. IB007', 'throttled', 'connect'],
    ['550 SC-004 Mail rejected for policy reasons', 'ip-blocklisted'],
    ['550 DY-001 Mail rejected for policy reasons', 'ip-blocklisted'],
    ['450 4.2.0 <bob@example.org>: Recipient address rejected: See the help page', 'greylisted'],
    ['550 5.6.7 Non-ASCII addresses not permitted for that recipient', 'protocol-error'],
    ['521 mx.example.org does not accept mail', 'policy', 'connect'],
    ['450 4.1.2 <bob@example.org>: Recipient address rejected: Domain not found', 'dns-failure'],
    ['550 5.1.90 You have reached your daily limit for message recipients', 'throttled'],
    ['556 5.1.10 Recipient address has null MX', 'dns-failure'],
    ['550 5.4.4 Invalid domain', 'dns-failure'],
    ['525 5.7.13 User account disabled', 'mailbox-disabled'],
    ['554 Service currently unavailable', 'server-busy'],
    ['550 5.7.1 Relaying denied. IP name lookup failed [192.0.2.7]', 'dns-failure'],
    ['551 not our user', 'user-unknown'],
    ['550 Usuario desconocido', 'user-unknown'],
    ['550 Boîte aux lettres inexistante', 'user-unknown'],
    ['550 Пользователь не найден', 'user-unknown'],
    ['550 blocked due to spam content', 'content-block', 'message'],
    ['550 192.0.2.7 blocked by bl.example.net', 'ip-blocklisted'],
    ['550 5.0.0 No', 'other', 'message'],
  ])('of %j is %s', (text, cause, stage = 'rcpt') => {
    expect(causeOf(parseReply(text)!, stage)).toBe(cause);
  });

  test('lies with the recipient for unknown, full and disabled mailboxes, and for nothing else', () => {
    const own: Cause[] = ['user-unknown', 'mailbox-full', 'mailbox-disabled'];
    const others: Cause[] = [
      'throttled',
      'spam-block',
      'ip-blocklisted',
      'policy',
      'network',
      'other',
      'auth-failure',
    ];
    expect(own.map((cause) => liesWithRecipient(cause, {}))).toEqual([true, true, true]);
    expect(others.some((cause) => liesWithRecipient(cause, {}))).toBe(false);
    expect(others.some((cause) => liesWithRecipient(cause, undefined))).toBe(false);
  });

  test.each([
    ['556 5.1.10 Recipient address has null MX', true],
    ['556 No mail here', true],
    ['550 5.1.2 Host unknown', true],
    ['450 4.1.2 Recipient address rejected: Domain not found', true],
    ['550 5.4.4 Invalid domain', true],
    ['550 5.4.310 DNS domain example.org does not exist', true],
    ['550 sorry, no such domain (#5.1.2)', true],
    ['550 5.7.1 Relaying denied. IP name lookup failed', false],
    ['550 5.7.25 The IP address sending this message does not have a PTR record', false],
    ['553 5.1.8 Domain of sender address does not exist', false],
    ['450 Client host rejected: cannot find your hostname', false],
    ['550 5.7.27 Sender address rejected: Domain example.com does not accept mail (nullMX)', false],
  ])('of a DNS failure lies with the domain that the code means: %s', (said, isTheirs) => {
    const reply = parseReply(said)!;
    expect(causeOf(reply, 'rcpt')).toBe('dns-failure');
    expect(liesWithRecipient('dns-failure', evidenceOf(reply))).toBe(isTheirs);
  });

  test('of a DNS lookup that failed lies with the domain that was looked up', () => {
    expect(liesWithRecipient('dns-failure', undefined)).toBe(true);
  });
});

describe('an override', () => {
  const attempt = {
    reply: { code: 554, enhanced: '5.7.1', lines: ['No'] },
    stage: 'connect' as const,
    cause: 'ip-blocklisted' as const,
    domain: 'example.org',
  };
  const outcome = (overrides: PolicyOverride[], before: Outcome = 'rejected'): Outcome =>
    overridden(before, attempt, policy({ bounce: { overrides } }));

  test('matches on every field it gives', () => {
    const all = {
      code: 554,
      enhanced: '5.7.1',
      stage: 'connect',
      cause: 'ip-blocklisted',
      domain: 'Example.org',
    } as const;
    expect(outcome([{ ...all, treatAs: 'deferred' }])).toBe('deferred');
    const wrong: Partial<PolicyOverride>[] = [
      { code: 550 },
      { enhanced: '5.7.2' },
      { stage: 'rcpt' },
      { cause: 'policy' },
      { domain: 'example.com' },
    ];
    for (const field of wrong) expect(outcome([{ ...all, ...field, treatAs: 'deferred' }])).toBe('rejected');
  });

  test.each(['bücher.example', 'XN--Bcher-kva.example'])(
    'matches a domain in either spelling: %s',
    (domain) => {
      const at = { ...attempt, domain: 'xn--bcher-kva.example' };
      const overrides: PolicyOverride[] = [{ domain, treatAs: 'deferred' }];
      expect(overridden('rejected', at, policy({ bounce: { overrides } }))).toBe('deferred');
    },
  );

  test.each([
    '550 5.7.1 Try later',
    '550 #5.7.1 Your access has been rejected',
    '550 sorry (#5.7.1)',
    '550-5.7.1 Not now\n550 See our page',
  ])('finds the enhanced code of %j', (text) => {
    const refusal = { ...attempt, reply: parseReply(text)! };
    const treated = (enhanced: string): Outcome =>
      overridden('rejected', refusal, policy({ bounce: { overrides: [{ enhanced, treatAs: 'deferred' }] } }));
    expect([treated('5.7.1'), treated('5.7.2')]).toEqual(['deferred', 'rejected']);
  });

  test('wins over later ones', () => {
    const first: PolicyOverride = { code: 554, treatAs: 'rejected' };
    const second: PolicyOverride = { stage: 'connect', treatAs: 'deferred' };
    expect(outcome([first, second])).toBe('rejected');
    expect(outcome([second, first])).toBe('deferred');
    expect(outcome([{ code: 550, treatAs: 'rejected' }, second])).toBe('deferred');
  });

  test('with a code or an enhanced code does not match a refusal without a reply', () => {
    const dns = { ...attempt, reply: undefined, cause: 'dns-failure' as const };
    const treated = (override: Omit<PolicyOverride, 'treatAs'>): Outcome =>
      overridden('rejected', dns, policy({ bounce: { overrides: [{ ...override, treatAs: 'deferred' }] } }));
    expect([treated({ code: 554 }), treated({ enhanced: '5.7.1' })]).toEqual(['rejected', 'rejected']);
    expect(treated({ cause: 'dns-failure' })).toBe('deferred');
  });

  test('can make a deferral a rejection', () => {
    expect(outcome([{ treatAs: 'rejected' }], 'deferred')).toBe('rejected');
  });

  test.each<Outcome>(['accepted', 'unreachable', 'unknown'])('leaves %s alone', (before) => {
    expect(outcome([{ treatAs: 'rejected' }], before)).toBe(before);
  });
});
