// The tally of streams of events that are written by hand.

import { describe, expect, test } from 'vitest';
import type { Cause, Fact, FactOf, Reply } from '../../src/events/types.js';
import { resultOf } from '../../src/results/tally/mailing.js';
import { Tally } from '../../src/results/tally/tally.js';

/** A tally of facts, each at its time in ms. */
function tally(...facts: [number, Fact][]): Tally {
  const read = new Tally();
  facts.forEach(([t, fact], seq) => read.read({ seq, t, ...fact }));
  read.settlePeaks();
  return read;
}

const building = (mailing: string): Fact => ({ type: 'mailing.building', mailing, kind: 'standard' });
const opened = (session: number, domain = 'x.example'): Fact => ({
  type: 'connection.opened',
  session,
  domain,
  host: `mx.${domain}`,
  client: '127.0.0.1:50000',
});
const closed = (session: number): Fact => ({ type: 'connection.closed', session });
const command = (session: number, line: string): Fact => ({ type: 'smtp.command', session, line });
const accepted = (session: number, rcpt: string): Fact => ({
  type: 'message.accepted',
  session,
  domain: 'x.example',
  host: 'mx.x.example',
  mailFrom: '',
  rcpt,
  size: 1,
  placement: 'inbox',
});
const attempt = (address: string, startedAt: number, outcome: 'deferred' | 'unknown' = 'deferred'): Fact => ({
  type: 'attempt',
  mailing: 'news',
  address,
  n: 1,
  startedAt,
  domain: 'x.example',
  stage: 'rcpt',
  outcome,
  cause: 'other',
});
const ended = (
  address: string,
  state: 'delivered' | 'soft-bounced' | 'hard-bounced' | 'withdrawn',
): Fact => ({
  type: 'delivery.ended',
  mailing: 'news',
  address,
  state,
  why: '',
  ...(state.endsWith('bounced') ? { cause: 'mailbox-full' as const } : {}),
});
const queued = (address: string): Fact => ({ type: 'delivery.queued', mailing: 'news', address });

describe('a mailing', () => {
  test('is counted from building to its end', () => {
    const all = ['a', 'b', 'c', 'd'];
    const events: [number, Fact][] = [
      [0, building('news')],
      [5, { type: 'mailing.started', mailing: 'news', recipients: 4 }],
      ...all.map((address): [number, Fact] => [5, queued(address)]),
      [6, ended('a', 'delivered')],
      [7, ended('b', 'soft-bounced')],
      [8, attempt('c', 5, 'unknown')],
      [8, ended('c', 'hard-bounced')],
      [9, ended('d', 'withdrawn')],
      [9, { type: 'mailing.completed', mailing: 'news' }],
    ];
    expect(resultOf(tally(...events.slice(0, 1)).mailings.get('news')!)).toMatchObject({
      state: 'building',
      startedAt: null,
      completedAt: null,
    });
    expect(resultOf(tally(...events.slice(0, 7)).mailings.get('news')!)).toMatchObject({
      state: 'in-progress',
      inProgress: 3,
      delivered: 1,
    });
    expect(resultOf(tally(...events).mailings.get('news')!)).toEqual({
      kind: 'standard',
      state: 'completed',
      recipients: 4,
      delivered: 1,
      inProgress: 0,
      bounced: { soft: 1, hard: 1 },
      unattempted: 0,
      withdrawn: 1,
      possibleDuplicates: 1,
      lateBounces: 0,
      startedAt: 5,
      completedAt: 9,
      causes: { 'mailbox-full': 2 },
      lost: { total: 0, notTheirs: 0, causes: {} },
      placement: { inbox: 0, junk: 0, discarded: 0, returned: 0 },
    });
  });

  test('that was not begun is a bug', () => {
    expect(() => tally([0, queued('a')])).toThrow('mailing news, which was not begun');
  });
});

describe('deliveries in progress over time', () => {
  test('are every change, one per time, and the level at the end', () => {
    const read = tally(
      [0, building('news')],
      ...['a', 'b', 'c'].map((address): [number, Fact] => [5, queued(address)]),
      [9, ended('a', 'delivered')],
      [12, ended('b', 'soft-bounced')],
    );
    expect(read.inProgress.upTo(12)).toEqual({ t: [5, 9, 12], deliveries: [3, 2, 1] });
    expect(read.inProgress.upTo(50)).toEqual({ t: [5, 9, 12, 50], deliveries: [3, 2, 1, 1] });
    expect(new Tally().inProgress.upTo(50)).toEqual({ t: [], deliveries: [] });
  });

  test('take bounded memory, and keep the highest and the last level', () => {
    const facts: [number, Fact][] = [[0, building('news')]];
    for (let n = 0; n < 5000; n++) facts.push([n * 1000, queued(`c${n}`)]);
    for (let n = 0; n < 5000; n++) facts.push([(5000 + n * 7) * 1000, ended(`c${n}`, 'delivered')]);
    const { t, deliveries } = tally(...facts).inProgress.upTo(50_000_000);
    expect(t.length).toBeLessThanOrEqual(240);
    expect(t.length).toBeGreaterThan(60);
    expect(t).toEqual(t.toSorted((a, b) => a - b));
    expect(Math.max(...deliveries)).toBe(5000);
    expect([t[0], t.at(-1), deliveries.at(-1)]).toEqual([expect.any(Number), 39_993_000, 0]);
    expect(t[0]).toBeLessThan(1_000_000);
  });
});

describe('what servers saw', () => {
  test('is charged to the mailing that the return path names', () => {
    const read = tally(
      [0, building('news')],
      [0, building('more')],
      [1, opened(1)],
      [1, command(1, 'MAIL FROM:<bounce+more+bob=x.example@return.sender.example>')],
      [2, command(1, 'RCPT TO:<Bob@x.example>')],
      [3, accepted(1, 'bob@x.example')],
    );
    expect(read.mailings.get('more')!.seen).toEqual(new Map([['bob@x.example', [2]]]));
    expect(read.mailings.get('more')!.placement).toEqual({ inbox: 1, junk: 0, discarded: 0, returned: 0 });
    expect(read.mailings.get('news')!.seen.size).toBe(0);
  });

  test('is charged to the only mailing when the return path has another form, and to neither of two', () => {
    const foreign: [number, Fact][] = [
      [1, opened(1)],
      [1, command(1, 'mail from:<>')],
      [2, command(1, 'rcpt to: <bob@x.example>')],
    ];
    expect(
      tally([0, building('news')], ...foreign)
        .mailings.get('news')!
        .seen.get('bob@x.example'),
    ).toEqual([2]);
    const two = tally([0, building('news')], [0, building('more')], ...foreign);
    expect([...two.mailings.values()].map(({ seen }) => seen.size)).toEqual([0, 0]);
  });

  test('counts connections, refusals, replies by code, and accepted messages by domain', () => {
    const reply = (code: number): Fact => ({
      type: 'smtp.reply',
      session: 1,
      stage: 'rcpt',
      code,
      lines: [''],
    });
    const read = tally(
      [0, opened(1)],
      [0, reply(250)],
      [0, reply(450)],
      [0, reply(250)],
      [1, { type: 'connection.refused', domain: 'y.example', host: 'mx', how: 'refused' }],
      [1, accepted(1, 'bob@x.example')],
    );
    expect(read.servers.results()).toEqual({
      'x.example': {
        connections: 1,
        peakConnections: 1,
        refused: 0,
        accepted: 1,
        tls: 0,
        replies: { 250: 2, 450: 1 },
      },
      'y.example': { connections: 0, peakConnections: 0, refused: 1, accepted: 0, tls: 0, replies: {} },
    });
  });

  test('the peak counts connections open together, not one that opens when another closes', () => {
    const relieved = tally([0, opened(1)], [5, opened(2)], [5, closed(1)], [9, closed(2)]);
    expect(relieved.server('x.example').peakConnections).toBe(1);
    const beside = tally([0, opened(1)], [5, opened(2)], [6, closed(1)], [9, closed(2)]);
    expect(beside.server('x.example').peakConnections).toBe(2);
    expect(tally([0, opened(1)], [0, opened(2)]).server('x.example').peakConnections).toBe(2);
  });

  test('figures of a domain without a connection do not add it to the results', () => {
    const read = new Tally();
    expect(read.server('nobody.example')).toMatchObject({ connections: 0, accepted: 0 });
    expect(read.servers.results()).toEqual({});
  });
});

test('contacts have the status and streak of their last event', () => {
  const read = tally(
    [0, { type: 'contact.added', address: 'a@x', status: 'active', softBounceStreak: 3 }],
    [0, { type: 'contact.added', address: 'b@x', status: 'opt-out', softBounceStreak: 0 }],
    [1, { type: 'contact.streak', address: 'a@x', from: 3, to: 4 }],
    [
      1,
      {
        type: 'contact.status',
        address: 'a@x',
        from: 'active',
        to: 'error',
        why: 'soft-bounces',
        by: 'sender',
      },
    ],
  );
  expect(read.contacts.get('a@x')).toEqual({ status: 'error', softBounceStreak: 4 });
  expect(['active', 'error', 'opt-out'].map((status) => read.count(status as 'active'))).toEqual([0, 1, 1]);
});

describe('contacts lost', () => {
  const said = (address: string, cause: Cause, reply?: Reply): Fact => ({
    ...(attempt(address, 1) as FactOf<'attempt'>),
    stage: 'connect',
    outcome: 'rejected',
    cause,
    ...(reply ? { reply } : {}),
  });
  const bounced = (address: string, cause: Cause): Fact => ({
    ...(ended(address, 'hard-bounced') as FactOf<'delivery.ended'>),
    cause,
  });
  const status = (address: string, why: 'hard-bounce' | 'soft-bounces' = 'hard-bounce'): Fact => ({
    type: 'contact.status',
    address,
    from: 'active',
    to: 'error',
    why,
    by: 'sender',
    mailing: 'news',
  });
  const added = (address: string): Fact => ({
    type: 'contact.added',
    address,
    status: 'active',
    softBounceStreak: 0,
  });
  const lose = (address: string, cause: Cause, reply?: Reply): [number, Fact][] => [
    [1, added(address)],
    [1, queued(address)],
    [2, said(address, cause, reply)],
    [2, bounced(address, cause)],
    [2, status(address)],
  ];
  const no: Reply = { code: 554, enhanced: '5.7.1', lines: ['No'] };

  test('are counted for their mailing, apart when the cause is not theirs', () => {
    const { mailings, lost } = tally(
      [0, building('news')],
      ...lose('a@x.example', 'user-unknown', no),
      ...lose('b@x.example', 'ip-blocklisted', no),
      ...lose('c@x.example', 'ip-blocklisted', no),
      ...lose('d@y.example', 'throttled'),
      ...lose('e@y.example', 'network'),
    );
    expect(resultOf(mailings.get('news')!).lost).toEqual({
      total: 5,
      notTheirs: 3,
      causes: { 'user-unknown': 1, 'ip-blocklisted': 2, throttled: 1, network: 1 },
    });
    const of = { mailing: 'news', why: 'hard-bounce' };
    expect(lost.largest()).toEqual([
      {
        ...of,
        domain: 'x.example',
        cause: 'ip-blocklisted',
        contacts: 2,
        stage: 'connect',
        said: '554 5.7.1 No',
      },
      { ...of, domain: 'y.example', cause: 'throttled', contacts: 1 },
    ]);
  });

  test('to DNS have a cause of the sender with a reply, and a cause of their own without one', () => {
    const figures = (reply?: Reply) =>
      tally([0, building('news')], ...lose('a@x.example', 'dns-failure', reply)).mailings.get('news')!.lost;
    expect(figures(no)).toMatchObject({ total: 1, notTheirs: 1 });
    expect(figures()).toMatchObject({ total: 1, notTheirs: 0 });
  });

  test('through a bounce message count by its cause, not by the attempt before it', () => {
    const { mailings, lost } = tally(
      [0, building('news')],
      [1, added('a@x.example')],
      [1, queued('a@x.example')],
      [2, said('a@x.example', 'other', no)],
      [2, ended('a@x.example', 'delivered')],
      [
        9,
        {
          type: 'delivery.returned',
          mailing: 'news',
          address: 'a@x.example',
          state: 'hard-bounced',
          cause: 'spam-block',
          why: '',
        },
      ],
      [9, status('a@x.example')],
    );
    expect(mailings.get('news')!.lost).toEqual({ total: 1, notTheirs: 1, causes: { 'spam-block': 1 } });
    expect(lost.largest()).toEqual([
      { mailing: 'news', domain: 'x.example', cause: 'spam-block', why: 'hard-bounce', contacts: 1 },
    ]);
  });

  test('by opting out or coming back are not lost', () => {
    const { mailings } = tally(
      [0, building('news')],
      [0, added('a@x.example')],
      [
        1,
        {
          type: 'contact.status',
          address: 'a@x.example',
          from: 'active',
          to: 'opt-out',
          why: 'opt-out',
          by: 'contact',
        },
      ],
    );
    expect(mailings.get('news')!.lost.total).toBe(0);
  });
});
