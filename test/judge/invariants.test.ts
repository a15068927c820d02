// Each invariant against histories that keep every rule and against one that breaks its rule only. The
// histories are written by hand, since a correct sender cannot break them.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Fact, FactOf } from '../../src/events/types.js';
import { violationFailure } from '../../src/judge/invariants/failure.js';
import { INVARIANTS, InvariantChecker } from '../../src/judge/invariants/index.js';
import { DEFAULT_LIMITS } from '../../src/sender/destination/options.js';
import type { PlannedFleet } from '../../src/judge/invariants/invariant.js';
import { limits } from '../../src/judge/invariants/limits.js';
import { takenByOwnHost } from '../../src/judge/invariants/taken-by-own-host.js';
import type { MailingFigures } from '../../src/sender/figures.js';
import type { Commit, DeliveryRecord } from '../../src/sender/store/store.js';
import type { RetryPolicy } from '../../src/policy/retry-policy.js';
import { EMMA } from '../support/policies.js';

type Timed = [t: number, fact: Fact];

const M = 60_000;
const START: Timed = [
  0,
  { type: 'run.started', format: 1, scenario: 's', seed: '1', policy: 'emma', wire: 'memory' },
];
const END = (t: number): Timed => [t, { type: 'run.ended', reason: 'idle' }];
const REPLY = {
  450: { code: 450, lines: ['busy'] },
  550: { code: 550, lines: ['no'] },
  250: { code: 250, lines: ['ok'] },
};
type Code = keyof typeof REPLY;

const added = (address: string, fields: Partial<FactOf<'contact.added'>> = {}): Timed => [
  0,
  { type: 'contact.added', address, status: 'active', softBounceStreak: 0, ...fields },
];
const building = (mailing = 'news', t = 0): Timed => [
  t,
  { type: 'mailing.building', mailing, kind: 'standard' },
];
const started = (recipients: number, mailing = 'news', t = 0): Timed => [
  t,
  { type: 'mailing.started', mailing, recipients },
];
const queued = (address: string, mailing = 'news', t = 0): Timed => [
  t,
  { type: 'delivery.queued', mailing, address },
];
const completed = (t: number, mailing = 'news'): Timed => [t, { type: 'mailing.completed', mailing }];
/** Client address and port of a connection. */
const clientOf = (session: number): string => `127.0.0.1:${session}`;
const opened = (t: number, session = 1): Timed => [
  t,
  { type: 'connection.opened', session, domain: 'a.test', host: 'mx.a.test', client: clientOf(session) },
];
const closed = (t: number, session = 1): Timed => [t, { type: 'connection.closed', session }];
const command = (t: number, line: string, session = 1): Timed => [t, { type: 'smtp.command', session, line }];
const rcpt = (t: number, address: string, mailing = 'news'): Timed[] => [
  command(t, `MAIL FROM:<bounce+${mailing}+x@return.test>`),
  command(t, `RCPT TO:<${address}>`),
];
const replied = (t: number, code: Code, session = 1): Timed => [
  t,
  { type: 'smtp.reply', session, stage: 'rcpt', ...REPLY[code] },
];
/** A reply that belongs to no command. */
const stray = (t: number, session = 1): Timed => [
  t,
  { type: 'smtp.reply', session, stage: 'other', ...REPLY[250] },
];
/** A message that is read after such a reply was begun. */
const received = (t: number, since = t, mailing = 'news'): Timed => [
  t,
  {
    type: 'message.received',
    session: 1,
    mailFrom: `bounce+${mailing}+x@return.test`,
    rcpt: BOB,
    since,
  },
];
/** Counted as delivered by a reply that was read at 60. */
const takenFor = (...events: Timed[]): Timed[] => [
  ...BEGUN,
  opened(0),
  ...rcpt(0, BOB),
  ...events,
  attempt(60, BOB, 1, 250, { startedAt: 0, client: clientOf(1) }),
  ended(60, BOB, 'delivered'),
];
const quitReply: Fact = { type: 'smtp.reply', session: 1, stage: 'other', code: 221, lines: ['bye'] };
const ALL_READ: Timed[] = [completed(60), closed(60), END(60)];
const accepted = (t: number, address: string, session = 1, mailing = 'news'): Timed => [
  t,
  {
    type: 'message.accepted',
    session,
    domain: 'a.test',
    host: 'mx.a.test',
    mailFrom: `bounce+${mailing}+x@return.test`,
    rcpt: address,
    size: 1,
    placement: 'inbox',
  },
];
type Attempt = FactOf<'attempt'>;
const OUTCOMES: Record<Code, Attempt['outcome']> = { 250: 'accepted', 450: 'deferred', 550: 'rejected' };
const attempt = (
  t: number,
  address: string,
  n: number,
  code: Code | 'lost' | 'refused',
  fields: Partial<Attempt> = {},
): Timed => [
  t,
  {
    type: 'attempt',
    mailing: 'news',
    address,
    n,
    startedAt: t,
    domain: 'a.test',
    cause: 'other',
    ...(typeof code === 'number'
      ? { stage: code === 250 ? 'message' : 'rcpt', outcome: OUTCOMES[code], reply: REPLY[code] }
      : code === 'lost'
        ? { stage: 'message', outcome: 'unknown', error: 'ECONNRESET' }
        : { stage: 'connect', outcome: 'unreachable', error: 'ECONNREFUSED' }),
    ...fields,
  },
];
type State = FactOf<'delivery.ended'>['state'];
const ended = (t: number, address: string, state: State, mailing = 'news'): Timed => [
  t,
  { type: 'delivery.ended', mailing, address, state, why: '' },
];
const streakTo = (t: number, address: string, from: number, to: number): Timed => [
  t,
  { type: 'contact.streak', address, from, to },
];
const errorBy = (t: number, address: string, why: 'hard-bounce' | 'soft-bounces' = 'hard-bounce'): Timed => [
  t,
  { type: 'contact.status', address, from: 'active', to: 'error', why, by: 'sender' },
];
const optOut = (t: number, address: string): Timed => [
  t,
  { type: 'contact.status', address, from: 'active', to: 'opt-out', why: 'opt-out', by: 'contact' },
];

const BOB = 'bob@a.test';
/** Until one delivery is in progress. */
const BEGUN: Timed[] = [START, added(BOB), building(), started(1), queued(BOB)];
/** Four times refused, and given up. */
const GIVEN_UP: Timed[] = [
  ...BEGUN,
  opened(0),
  ...[0, 1, 2, 3].flatMap((i): Timed[] => [
    ...rcpt(i * 30 * M, BOB),
    replied(i * 30 * M, 450),
    attempt(i * 30 * M, BOB, i + 1, 450),
  ]),
  ended(90 * M, BOB, 'soft-bounced'),
  streakTo(90 * M, BOB, 0, 1),
  completed(90 * M),
  closed(90 * M),
  END(90 * M),
];

const END_OF_BOB: FactOf<'delivery.ended'> = {
  type: 'delivery.ended',
  mailing: 'news',
  address: BOB,
  state: 'soft-bounced',
  why: '',
};
/** Given up while it waited for its first attempt, after the window and its overrun. */
const UNATTEMPTED: Timed[] = [
  ...BEGUN,
  [31 * 60 * M, { ...END_OF_BOB, unattempted: true }],
  completed(31 * 60 * M),
];

/** Names of the invariants that a history breaks. */
function broken(events: Timed[], policy: RetryPolicy = EMMA, latencyMs = 0): string[] {
  return check(events, policy, latencyMs).violations.map(({ invariant }) => invariant.name);
}

function check(events: Timed[], policy: RetryPolicy = EMMA, latencyMs = 0): InvariantChecker {
  const checker = new InvariantChecker({
    policy,
    limits: DEFAULT_LIMITS,
    latencyMs,
    servers: { fleet: { 'a.test': { behaviors: [], mailboxes: [] } } },
    suppressed: new Set(['never@a.test']),
  });
  for (const [seq, [t, fact]] of events.entries()) checker.read({ seq, t, ...fact });
  return checker;
}

/** A history with some of its events removed and others inserted at an index. */
function changed(events: Timed[], at: number, remove: number, ...insert: Timed[]): Timed[] {
  return events.toSpliced(at < 0 ? events.length + at : at, remove, ...insert);
}

/** A refusal that the server writes slowly: another mailing begins meanwhile and shares it (rule 13). */
const sharedLate = (closedAt: number, startedAt = 59): Timed[] => [
  START,
  added(BOB),
  added('eve@a.test'),
  building(),
  started(1),
  queued('eve@a.test'),
  opened(5),
  replied(5, 550),
  ...(closedAt < startedAt ? [closed(closedAt)] : []),
  building('more', startedAt),
  started(1, 'more', startedAt),
  queued(BOB, 'more', startedAt),
  ...(startedAt <= closedAt && closedAt < 260 ? [closed(closedAt)] : []),
  attempt(260, 'eve@a.test', 1, 550, { startedAt: 0, client: clientOf(1) }),
  ended(260, 'eve@a.test', 'hard-bounced'),
  completed(260),
  errorBy(260, 'eve@a.test'),
  attempt(260, BOB, 1, 550, { startedAt, client: clientOf(1), mailing: 'more', shared: true }),
  ended(260, BOB, 'hard-bounced', 'more'),
  completed(260, 'more'),
  errorBy(260, BOB),
  ...(closedAt >= 260 ? [closed(closedAt)] : []),
  END(300),
];

describe('a history that keeps the rules breaks nothing', () => {
  test.each([
    ['given up after four refusals', GIVEN_UP],
    [
      'delivered',
      [
        ...BEGUN,
        opened(0),
        ...rcpt(0, BOB),
        accepted(0, BOB),
        replied(0, 250),
        attempt(0, BOB, 1, 250),
        ended(0, BOB, 'delivered'),
        completed(0),
        closed(1),
        END(1),
      ],
    ],
    [
      'an opt-out while the attempt runs',
      [
        ...BEGUN,
        optOut(5, BOB),
        opened(6),
        ...rcpt(7, BOB),
        accepted(8, BOB),
        replied(8, 250),
        attempt(9, BOB, 1, 250, { startedAt: 1 }),
        ended(9, BOB, 'delivered'),
        completed(9),
        closed(9),
        END(9),
      ],
    ],
    [
      'taken again after the attempt that took it was lost',
      [
        ...BEGUN,
        opened(0),
        accepted(0, BOB),
        attempt(0, BOB, 1, 'lost', { client: clientOf(1) }),
        closed(0),
        opened(30 * M, 2),
        accepted(30 * M, BOB, 2),
        replied(30 * M, 250, 2),
        attempt(30 * M, BOB, 2, 250, { client: clientOf(2) }),
        ended(30 * M, BOB, 'delivered'),
        completed(30 * M),
        closed(30 * M, 2),
        END(30 * M),
      ],
    ],
    ['given up without an attempt', [...UNATTEMPTED, END(31 * 60 * M)]],
    ['a slow refusal, shared by what became due while it was said', sharedLate(265)],
    ['the same, of a server that has closed when it is heard', sharedLate(255)],
    [
      'late behind a connection whose opening took as long, which is told later',
      [
        START,
        added(BOB),
        added('eve@a.test'),
        building(),
        started(2),
        queued(BOB),
        queued('eve@a.test'),
        opened(5 * M),
        accepted(5 * M, 'eve@a.test'),
        replied(5 * M, 250),
        attempt(5 * M, 'eve@a.test', 1, 250),
        ended(5 * M, 'eve@a.test', 'delivered'),
        accepted(6 * M, BOB),
        replied(6 * M, 250),
        attempt(6 * M, BOB, 1, 250, { startedAt: 0 }),
        ended(6 * M, BOB, 'delivered'),
        completed(6 * M),
        closed(6 * M),
        END(6 * M),
      ],
    ],
  ] as [string, Timed[]][])('%s', (_, events) => {
    expect(check(events).violations).toEqual([]);
  });
});

describe('what breaks', () => {
  const cases: [name: string, what: string, events: Timed[], policy?: RetryPolicy][] = [
    ['clock-monotone', 'time goes back', [...BEGUN.slice(0, 2), [5, building()[1]], started(0, 'news', 4)]],
    ['conservation', 'a recipient without a delivery', changed(GIVEN_UP, 3, 1, started(2))],
    ['terminal-absorbing', 'a second end', changed(GIVEN_UP, -4, 0, ended(90 * M, BOB, 'withdrawn'))],
    [
      'terminal-absorbing',
      'an attempt after the end',
      changed(GIVEN_UP, -2, 0, attempt(120 * M, BOB, 5, 'refused'), closed(120 * M)).slice(0, -2),
    ],
    [
      'active-only',
      'a delivery of a contact in error',
      changed(GIVEN_UP, 1, 1, added(BOB, { status: 'error' })),
    ],
    ['active-only', 'two deliveries of one contact', changed(BEGUN, -1, 0, queued(BOB))],
    [
      'active-only',
      'an attempt begun after an opt-out',
      [
        ...BEGUN,
        optOut(5, BOB),
        opened(6),
        ...rcpt(7, BOB),
        replied(7, 450),
        attempt(8, BOB, 1, 450, { startedAt: 6 }),
      ],
    ],
    [
      'suppressed-unseen',
      'a suppressed address',
      [...BEGUN, added('never@a.test'), opened(0), ...rcpt(0, 'never@a.test')],
    ],
    ['active-only', 'an address of nobody', [...BEGUN, opened(0), ...rcpt(0, 'eve@a.test')]],
    [
      'withdrawn-at-once',
      'in progress after the attempt in which its contact left',
      [
        ...BEGUN,
        opened(0),
        ...rcpt(0, BOB),
        optOut(5, BOB),
        replied(7, 450),
        attempt(7, BOB, 1, 450, { startedAt: 0 }),
        END(9),
      ],
    ],
    [
      'exact-grid',
      'a retry one interval late',
      [...BEGUN, attempt(0, BOB, 1, 'refused'), attempt(60 * M, BOB, 2, 'refused')],
    ],
    [
      'exact-grid',
      'a retry one millisecond early',
      [...BEGUN, attempt(0, BOB, 1, 'refused'), attempt(30 * M - 1, BOB, 2, 'refused')],
    ],
    [
      'exact-grid',
      'a grid that drifts with the time attempts take',
      [...BEGUN, attempt(2 * M, BOB, 1, 'refused', { startedAt: 0 }), attempt(32 * M, BOB, 2, 'refused')],
    ],
    [
      'exact-grid',
      'a retry one interval late, over a connection that is still open',
      [
        ...BEGUN,
        attempt(0, BOB, 1, 'refused'),
        opened(60 * M),
        replied(60 * M, 450),
        attempt(60 * M, BOB, 2, 450),
        closed(60 * M),
        END(61 * M),
      ],
    ],
    [
      'exact-grid',
      'a retry one interval late, while a server has not noticed that another connection is gone',
      [
        ...BEGUN,
        opened(0),
        attempt(0, BOB, 1, 'lost', { client: clientOf(1) }),
        attempt(60 * M, BOB, 2, 'refused'),
      ],
    ],
    [
      'budget-and-window',
      'a delivery given up some time after its last attempt',
      changed(GIVEN_UP, -5, 1, ended(91 * M, BOB, 'soft-bounced')).slice(0, -4),
    ],
    [
      'budget-and-window',
      'a fifth attempt',
      changed(
        GIVEN_UP,
        -5,
        0,
        ...rcpt(120 * M, BOB),
        replied(120 * M, 450),
        attempt(120 * M, BOB, 5, 450),
      ).slice(0, -5),
    ],
    [
      'budget-and-window',
      'an attempt a millisecond after the overrun',
      [...BEGUN, attempt(0, BOB, 1, 'refused'), attempt(35 * M + 1, BOB, 2, 'refused')],
      { ...EMMA, retry: { ...EMMA.retry, windowMs: 30 * M, overrunMs: 5 * M } },
    ],
    [
      'budget-and-window',
      'an attempt whose place on the grid is after the window',
      [...BEGUN, attempt(0, BOB, 1, 'refused'), attempt(30 * M, BOB, 2, 'refused')],
      { ...EMMA, retry: { ...EMMA.retry, windowMs: 30 * M - 1 } },
    ],
    [
      'budget-and-window',
      'a delivery given up while it waits, before the overrun has ended',
      [...BEGUN, attempt(0, BOB, 1, 'refused'), ended(35 * M, BOB, 'soft-bounced')],
      { ...EMMA, retry: { ...EMMA.retry, windowMs: 30 * M, overrunMs: 5 * M } },
    ],
    [
      'budget-and-window',
      'a delivery given up too early',
      [...BEGUN, attempt(0, BOB, 1, 'refused'), ended(0, BOB, 'soft-bounced')],
    ],
    [
      'one-in-flight',
      'two attempts at once',
      [
        ...BEGUN,
        attempt(40 * M, BOB, 1, 'refused', { startedAt: 0 }),
        attempt(41 * M, BOB, 2, 'refused', { startedAt: 30 * M }),
      ],
    ],
    ['attempts-numbered', 'a first attempt with the number 2', [...BEGUN, attempt(0, BOB, 2, 'refused')]],
    [
      'attempts-numbered',
      'the number of an attempt used twice',
      [...BEGUN, attempt(0, BOB, 1, 'refused'), attempt(30 * M, BOB, 1, 'refused')],
    ],
    [
      'outcome-follows-code',
      'a retry after a 5xx',
      [
        ...BEGUN,
        opened(0),
        replied(0, 550),
        attempt(0, BOB, 1, 550),
        replied(30 * M, 550),
        attempt(30 * M, BOB, 2, 550),
      ],
    ],
    [
      'outcome-follows-code',
      'a 4xx that counts as rejected',
      [...BEGUN, opened(0), replied(0, 450), attempt(0, BOB, 1, 450, { outcome: 'rejected' })],
    ],
    [
      'outcome-follows-code',
      'a hard bounce after a deferral',
      [...BEGUN, opened(0), replied(0, 450), attempt(0, BOB, 1, 450), ended(0, BOB, 'hard-bounced')],
    ],
    [
      'outcome-follows-code',
      'a delivery that counts some time after it was taken',
      [
        ...BEGUN,
        opened(0),
        accepted(0, BOB),
        replied(0, 250),
        attempt(0, BOB, 1, 250),
        ended(1, BOB, 'delivered'),
      ],
    ],
    [
      'outcome-follows-code',
      'an acceptance without a reply',
      [...BEGUN, opened(0), attempt(0, BOB, 1, 'lost', { outcome: 'accepted' })],
    ],
    [
      'outcome-follows-code',
      'a 4xx that counts as rejected, with an override for another cause',
      [...BEGUN, opened(0), replied(0, 450), attempt(0, BOB, 1, 450, { outcome: 'rejected' })],
      { ...EMMA, bounce: { ...EMMA.bounce, overrides: [{ cause: 'throttled', treatAs: 'rejected' }] } },
    ],
    [
      'outcome-follows-code',
      'an override that is not heeded',
      [...BEGUN, opened(0), replied(0, 450), attempt(0, BOB, 1, 450)],
      { ...EMMA, bounce: { ...EMMA.bounce, overrides: [{ code: 450, treatAs: 'rejected' }] } },
    ],
    [
      'delivered-means-accepted',
      'a delivery that no server took',
      [...BEGUN, opened(0), replied(0, 250), attempt(0, BOB, 1, 250), ended(0, BOB, 'delivered')],
    ],
    [
      'taken-by-own-host',
      'a message taken by a host of another domain',
      [
        START,
        added('eve@b.test'),
        building(),
        started(1),
        queued('eve@b.test'),
        opened(0),
        accepted(0, 'eve@b.test'),
      ],
    ],
    [
      'one-acceptance',
      'a second acceptance without a loss',
      [...BEGUN, opened(0), accepted(0, BOB), accepted(1, BOB)],
    ],
    [
      'one-acceptance',
      'two acceptances in one attempt after a loss',
      [
        ...BEGUN,
        opened(0),
        attempt(0, BOB, 1, 'lost', { client: clientOf(1) }),
        opened(30 * M, 2),
        accepted(30 * M, BOB, 2),
        accepted(30 * M, BOB, 2),
      ],
    ],
    [
      'idle-close-uncharged',
      'a message charged with a connection that was closed while idle',
      [
        ...BEGUN,
        opened(0),
        ...rcpt(0, BOB),
        closed(1),
        attempt(5, BOB, 1, 'refused', {
          client: '127.0.0.1:1',
          stage: 'mail',
          error: 'ECONNRESET',
          startedAt: 2,
        }),
      ],
    ],
    ['replies-were-given', 'a reply that no server gave', [...BEGUN, attempt(0, BOB, 1, 450)]],
    [
      'replies-were-given',
      'a reply that was given on the connection of another delivery',
      [...BEGUN, opened(0), opened(0, 2), replied(0, 450), attempt(0, BOB, 1, 450, { client: clientOf(2) })],
    ],
    ['replies-were-given', 'a refusal that is shared after its connection was over', sharedLate(20)],
    [
      'limits',
      'six connections at once',
      [...BEGUN, ...[1, 2, 3, 4, 5, 6].map((n) => opened(0, n)), attempt(1, BOB, 1, 'refused')],
    ],
    [
      'limits',
      'message 101 on a connection',
      [...BEGUN, opened(0), ...Array.from({ length: 101 }, () => command(0, 'MAIL FROM:<x@return.test>'))],
    ],
    ['completed-when-empty', 'completed too early', [...BEGUN, completed(0)]],
    ['completed-when-empty', 'not completed', changed(GIVEN_UP, -3, 1)],
    ['streak', 'a streak that is not counted', changed(GIVEN_UP, -4, 1)],
    [
      'streak',
      'a streak that a delivery does not reset',
      [
        START,
        added(BOB, { softBounceStreak: 2 }),
        building(),
        started(1),
        queued(BOB),
        opened(0),
        accepted(0, BOB),
        replied(0, 250),
        attempt(0, BOB, 1, 250),
        ended(0, BOB, 'delivered'),
        completed(0),
        closed(1),
        END(1),
      ],
    ],
    ['streak', 'a streak that changes while nothing has ended', [...BEGUN, streakTo(5, BOB, 0, 1), END(9)]],
    ['streak', 'error without a bounce', [...BEGUN, errorBy(0, BOB)]],
    [
      'streak',
      'active after a hard bounce',
      [
        ...BEGUN,
        opened(0),
        replied(0, 550),
        attempt(0, BOB, 1, 550),
        ended(0, BOB, 'hard-bounced'),
        completed(0),
        closed(1),
        END(1),
      ],
    ],
    [
      'further-connection-uncharged',
      'a delivery that takes the refusal of a second connection',
      [
        START,
        added(BOB),
        added('eve@a.test'),
        building(),
        started(2),
        queued(BOB),
        queued('eve@a.test'),
        opened(0),
        attempt(10, BOB, 1, 'refused'),
        replied(20, 450),
        attempt(20, 'eve@a.test', 1, 450, { startedAt: 0, client: clientOf(1) }),
      ],
    ],
    [
      'streak',
      'a delivery without an attempt that counts',
      [...UNATTEMPTED, streakTo(31 * 60 * M, BOB, 0, 1), END(32 * 60 * M)],
    ],
    [
      'streak',
      'a delivery that claims to have had no attempt',
      changed(GIVEN_UP, -5, 1, [90 * M, { ...END_OF_BOB, unattempted: true }]),
    ],
    ['nothing-left', 'a connection left open', changed(GIVEN_UP, -2, 1)],
    ['nothing-left', 'a mailing that never ends', [START, building(), END(0)]],
  ];

  test.each(cases)('%s: %s', (name, _, events, policy) => {
    expect(new Set(broken(events, policy))).toContain(name);
  });

  test('each invariant by some case', () => {
    const shown = [...cases.map(([name]) => name), 'sender-figures-match', 'stored-first'];
    expect(new Set(shown)).toEqual(new Set(INVARIANTS.map(({ name }) => name)));
  });
});

describe('a reply that belongs to no command, taken for the reply to the message', () => {
  test.each<[string, Timed[], number?]>([
    ['written after the final dot had come', takenFor(received(40), stray(60))],
    ['on its way when the final dot was sent', takenFor(stray(40), received(45)), 5],
    ['written while the server did not read', takenFor(stray(40), received(45, 30))],
  ])('breaks nothing when no client can tell: %s', (_, events, latencyMs) => {
    expect(broken([...events, ...ALL_READ], EMMA, latencyMs)).toEqual([]);
  });

  test('breaks nothing when the server reads the message after its delivery has ended', () => {
    const events = [...takenFor(stray(40)), completed(60), received(66), closed(70), END(70)];
    expect(broken(events, EMMA, 15)).toEqual([]);
    expect(broken(events, EMMA, 5)).toEqual(['delivered-means-accepted']);
  });

  test.each<[string, Timed[], number?]>([
    ['it came before the final dot was sent', takenFor(stray(40), received(41))],
    ['it came in the same instant as the final dot was sent', takenFor(stray(40), received(50)), 5],
    ['the final dot was never sent', [...takenFor(stray(40)), closed(70)]],
    ['the final dot was sent after it had come', [...takenFor(stray(40)), received(70, 70)], 5],
    ['it is the reply to a QUIT', takenFor(received(40), [41, quitReply])],
    [
      'the server had replied to the message before',
      takenFor(
        received(40),
        [41, { type: 'smtp.reply', session: 1, stage: 'message', ...REPLY[450] }],
        stray(60),
      ),
    ],
    ['it was about another session', takenFor(received(40), opened(41, 2), stray(60, 2))],
    [
      'it was about the message of another mailing',
      [building('more'), ...takenFor(received(40, 40, 'more'), stray(60))],
    ],
    [
      'it came in an attempt before',
      [
        ...BEGUN,
        opened(0),
        received(40),
        stray(60),
        attempt(61, BOB, 1, 'lost', { startedAt: 0, client: clientOf(1) }),
        closed(61),
        opened(30 * M, 2),
        replied(30 * M, 250, 2),
        attempt(30 * M, BOB, 2, 250, { client: clientOf(2) }),
        ended(30 * M, BOB, 'delivered'),
      ],
    ],
  ])('breaks the rule when %s', (_, events, latencyMs) => {
    expect(broken(events, EMMA, latencyMs)).toContain('delivered-means-accepted');
  });
});

describe('a RCPT that is read after the crash of its sender', () => {
  const cutShort = (t: number, startedAt: number): Timed => [
    t,
    {
      type: 'attempt.interrupted',
      mailing: 'news',
      address: BOB,
      startedAt,
      domain: 'a.test',
      host: 'mx.a.test',
    },
  ];
  const read = (at: number, startedAt: number): Timed[] => [
    ...BEGUN,
    opened(0),
    optOut(10, BOB),
    cutShort(12, startedAt),
    ended(12, BOB, 'withdrawn'),
    completed(12),
    ...rcpt(at, BOB),
    closed(at),
    END(at),
  ];

  test('was on its way, in an attempt that had begun before the contact left', () => {
    expect(broken(read(16, 0), EMMA, 5)).toEqual([]);
  });

  test.each([
    ['the attempt had begun after the contact left', read(16, 11)],
    ['it was sent after the crash', read(18, 0)],
  ])('breaks the rule when %s', (_, events) => {
    expect(broken(events, EMMA, 5)).toContain('active-only');
  });
});

describe('what the sender reports is stored', () => {
  const NOTHING: Commit = { contacts: [], past: [], statuses: [], mailings: [], joined: [], deliveries: [] };
  const stored = (fields: Partial<DeliveryRecord>): Commit => ({
    ...NOTHING,
    deliveries: [
      {
        mailing: 'news',
        contact: BOB,
        state: 'soft-bounced',
        attempts: 1,
        replied: 0,
        unreachable: 1,
        unknown: 0,
        firstAttemptAt: 0,
        missed: 0,
        lastCause: 'other',
        dueAt: 0,
        leaving: undefined,
        running: undefined,
        ...fields,
      },
    ],
  });
  /** Breaches of `stored-first` when an attempt and an end are reported after these commits. */
  const found = (...commits: Commit[]): string[] => {
    const checker = check(BEGUN);
    for (const commit of commits) checker.onCommit(commit);
    for (const [t, fact] of [attempt(0, BOB, 1, 'refused'), ended(0, BOB, 'soft-bounced')])
      checker.read({ seq: BEGUN.length, t, ...fact });
    return checker.violations
      .filter(({ invariant }) => invariant.name === 'stored-first')
      .map(({ what }) => what);
  };

  test('before it is reported', () => {
    expect(found(stored({}))).toEqual([]);
  });

  test('or there is no store', () => {
    expect(found()).toEqual([]);
  });

  test.each<[string, Commit, string[]]>([
    [
      'nothing of the delivery',
      NOTHING,
      [
        'attempt 1 was reported before the store had committed it',
        'the end as soft-bounced was reported before the store had committed it',
      ],
    ],
    [
      'the attempt and not the end',
      stored({ state: 'queued' }),
      ['the end as soft-bounced was reported before the store had committed it'],
    ],
    [
      'the delivery as it was before',
      stored({ attempts: 0, state: 'queued' }),
      [
        'attempt 1 was reported before the store had committed it',
        'the end as soft-bounced was reported before the store had committed it',
      ],
    ],
    [
      'the delivery of another mailing',
      stored({ mailing: 'more' }),
      [
        'attempt 1 was reported before the store had committed it',
        'the end as soft-bounced was reported before the store had committed it',
      ],
    ],
  ])('and is found when the store has %s', (_, commit, what) => {
    expect(found(commit)).toEqual(what);
  });
});

describe('the figures that the sender gives of a mailing', () => {
  const TRUTH: MailingFigures = {
    state: 'completed',
    recipients: 1,
    delivered: 0,
    inProgress: 0,
    bounced: { soft: 1, hard: 0 },
    unattempted: 0,
    withdrawn: 0,
    possibleDuplicates: 0,
  };

  test('match its events', () => {
    const checker = check(GIVEN_UP);
    checker.onFigures('news', TRUTH);
    expect(checker.violations).toEqual([]);
  });

  test.each<[string, Partial<MailingFigures>]>([
    ['in-progress for completed', { state: 'in-progress' }],
    ['2 recipients for 1 recipients', { recipients: 2 }],
    ['1 delivered for 0 delivered', { delivered: 1 }],
    ['1 in progress for 0 in progress', { inProgress: 1 }],
    [
      '0 soft bounced for 1 soft bounced, 1 hard bounced for 0 hard bounced',
      { bounced: { soft: 0, hard: 1 } },
    ],
    ['1 unattempted for 0 unattempted', { unattempted: 1 }],
    ['1 withdrawn for 0 withdrawn', { withdrawn: 1 }],
    ['1 possible duplicates for 0 possible duplicates', { possibleDuplicates: 1 }],
  ])('sender-figures-match: %s', (what, wrong) => {
    const checker = check(GIVEN_UP);
    checker.onFigures('news', { ...TRUTH, ...wrong });
    const [violation, ...others] = checker.violations;
    expect(others).toEqual([]);
    const failure = violationFailure(violation!, 'a.yaml');
    expect(failure.message).toBe('invariant sender-figures-match is broken in news at 1h30m');
    expect(failure.actual).toBe(`it says ${what}`);
  });
});

test('a violation names the rule, the contact and the events that show it', () => {
  const events = [...BEGUN, attempt(0, BOB, 1, 'refused'), attempt(60 * M, BOB, 2, 'refused')];
  const [violation] = check(events).violations;
  const failure = violationFailure(violation!, 'a.yaml');
  expect(failure.message).toBe('invariant exact-grid is broken for bob@a.test in news at 1h00m');
  expect(failure.invariant).toBe('exact-grid');
  expect(failure.expected).toContain('rule 5');
  expect(failure.actual).toBe('attempt 2 began 1800000 ms late');
  expect(failure.details!.map((line) => line.split(' ').slice(0, 5).join(' '))).toEqual(
    ['event 4 at 0s: delivery.queued', 'event 5 at 0s: attempt', 'event 6 at 1h00m: attempt'].map(
      (line) => expect.stringContaining(line) as string,
    ),
  );
});

describe('taken-by-own-host', () => {
  const none = { behaviors: [], mailboxes: [] };
  const site = { hosts: [], behaviors: [] };
  const taken = (domain: string, host: string, rcpt: string): Timed => [
    0,
    { ...(accepted(0, rcpt)[1] as FactOf<'message.accepted'>), domain, host },
  ];
  const judged = (servers: PlannedFleet, event: Timed): unknown[] => {
    const run = { policy: EMMA, limits: DEFAULT_LIMITS, latencyMs: 0, servers };
    const checker = new InvariantChecker(run, [takenByOwnHost]);
    checker.read({ seq: 0, t: 0, ...event[1] });
    return checker.violations.map(({ what }) => what);
  };
  const at = (host: string, relay?: boolean) => [
    {
      name: host,
      preference: 10,
      hasAddress: true,
      behaviors: [],
      ...(relay === undefined ? {} : { relay }),
    },
  ];

  test.each<[string, PlannedFleet, Timed]>([
    [
      'a host of another domain',
      { fleet: { 'a.test': none, 'b.test': none } },
      taken('b.test', 'mx.b.test', BOB),
    ],
    [
      'a named host, for a domain of default',
      { fleet: { 'b.test': none, default: none } },
      taken('b.test', 'mx.b.test', BOB),
    ],
    [
      'a host of default, for a named domain',
      { fleet: { 'a.test': none, default: none } },
      taken('c.test', 'mx.c.test', BOB),
    ],
    [
      'a host of a site to which the domain does not belong',
      { fleet: { 'a.test': none, 'b.test': { ...none, site: 's' } }, sites: { s: site } },
      taken('s', 'mx.s', BOB),
    ],
    [
      'a host that may not relay, beside one that may',
      { fleet: { 'a.test': none, 'b.test': { ...none, hosts: at('mx1', true) } } },
      taken('b.test', 'mx2.b.test', BOB),
    ],
  ])('is broken by %s', (_what, servers, event) => {
    expect(judged(servers, event)).toEqual([expect.stringMatching(/ receives no mail for a\.test$/)]);
  });

  test.each<[string, PlannedFleet, Timed]>([
    ['a host of the domain', { fleet: { 'a.test': none } }, taken('a.test', 'mx.a.test', BOB)],
    ['a host of default', { fleet: { default: none } }, taken('c.test', 'mx.c.test', BOB)],
    [
      'a host of its site',
      { fleet: { 'a.test': { ...none, site: 's' } }, sites: { s: site } },
      taken('s', 'mx.s', BOB),
    ],
    [
      'a domain that may relay',
      { fleet: { 'b.test': { ...none, relay: true } } },
      taken('b.test', 'mx.b.test', BOB),
    ],
    [
      'a host that may relay',
      { fleet: { 'b.test': { ...none, hosts: at('mx1', true) } } },
      taken('b.test', 'mx1.b.test', BOB),
    ],
    ['a site that may relay', { fleet: {}, sites: { s: { ...site, relay: true } } }, taken('s', 'mx.s', BOB)],
    ['the postmaster', { fleet: { 'b.test': none } }, taken('b.test', 'mx.b.test', 'postmaster')],
  ])('is kept by %s', (_what, servers, event) => {
    expect(judged(servers, event)).toEqual([]);
  });
});

test('a bug that breaks a rule a thousand times is reported three times', () => {
  const contacts = Array.from({ length: 1000 }, (_, i) => `c${i}@a.test`);
  const events = [
    START,
    ...contacts.map((address) => added(address, { status: 'error' })),
    building(),
    started(1000),
    ...contacts.map((address) => queued(address)),
  ];
  expect(broken(events).filter((name) => name === 'active-only')).toHaveLength(3);
});

test('docs/trust.md lists every invariant, in the order in which they are asked', () => {
  const page = readFileSync('docs/trust.md', 'utf8');
  const [, section = ''] = /^## Invariants\n(.*?)^## /ms.exec(page) ?? [];
  const listed = Array.from(section.matchAll(/^- `([^`]+)`: /gm), ([, name]) => name);
  expect(listed).toEqual(INVARIANTS.map(({ name }) => name));
});

describe('limits of a site that a sender can find from MX answers alone', () => {
  const answered = (query: 'MX' | 'A', name: string, domain: string, record: string): Timed => [
    0,
    { type: 'dns.answered', query, name, domain, records: [record] },
  ];
  const named = (domain: string): Timed[] => [
    answered('MX', domain, domain, `10 ${domain.replace('.', '-')}.host.test`),
    answered('A', `${domain.replace('.', '-')}.host.test`, 's1', '127.1.0.2'),
  ];
  /** A session of the site whose first recipient is at a domain. */
  const session = (n: number, domain: string): Timed[] => [
    [0, { type: 'connection.opened', session: n, domain: 's1', host: 'host.test', client: `127.0.0.1:${n}` }],
    command(0, `MAIL FROM:<bounce+news+x@return.test>`, n),
    command(0, `RCPT TO:<c${n}@${domain}>`, n),
  ];
  const judged = (events: Timed[], providers: string[] = []): unknown[] => {
    const policy: RetryPolicy = { ...EMMA, destination: { ...EMMA.destination!, providers } };
    const checker = new InvariantChecker({ policy, limits: DEFAULT_LIMITS, latencyMs: 0 }, [limits]);
    for (const [seq, [t, fact]] of [START, ...events, END(1)].entries()) checker.read({ seq, t, ...fact });
    return checker.violations.map(({ what }) => what);
  };
  const both = [...named('a.test'), ...named('b.test')];
  const many = (domain: string, from: number, to: number): Timed[] =>
    Array.from({ length: to - from + 1 }, (_, i) => session(from + i, domain)).flat();

  test('are those of each domain at a host with a name for each, since no MX answer shows the host to be one', () => {
    expect(judged([...both, ...many('a.test', 1, 5), ...many('b.test', 6, 10)])).toEqual([]);
    expect(judged([...both, ...many('a.test', 1, 6), ...many('b.test', 7, 8)])).toEqual([
      '6 connections to a.test at once, the limit is 5',
    ]);
  });

  test('are those of the host where a pattern shows it', () => {
    const events = [...both, ...many('a.test', 1, 3), ...many('b.test', 4, 6)];
    expect(judged(events, ['*.host.test'])).toEqual(['6 connections to s1 at once, the limit is 5']);
  });

  test('are those of each host once more after a restart, until an answer shows the site again', () => {
    const restart: Timed[] = [
      [0, { type: 'sender.crashed' }],
      [0, { type: 'sender.restarted', inProgress: 0, interrupted: 0, unknown: 0 }],
    ];
    const third = ['a-test', 'b-test'].map((name) =>
      answered('MX', 'c.test', 'c.test', `10 ${name}.host.test`),
    );
    const sessions = [...many('a.test', 1, 3), ...many('b.test', 4, 6)];
    expect(judged([...both, ...third, ...restart, ...both, ...sessions])).toEqual([]);
    expect(judged([...both, ...third, ...restart, ...both, ...third, ...sessions])).toHaveLength(1);
    // A domain that is looked up meanwhile excuses nothing.
    const late = answered('MX', 'd.test', 'd.test', '10 a-test.host.test');
    const more = [...both, ...restart, ...named('a.test'), ...many('a.test', 1, 4), late];
    expect(judged([...more, ...many('a.test', 5, 6)])).toHaveLength(1);
  });

  test('are those of the host where a domain has both names', () => {
    const third = ['a-test', 'b-test'].map((name) =>
      answered('MX', 'c.test', 'c.test', `10 ${name}.host.test`),
    );
    const events = [...both, ...third, ...many('a.test', 1, 3), ...many('b.test', 4, 6)];
    expect(judged(events)).toEqual(['6 connections to s1 at once, the limit is 5']);
  });
});
