// The tally against streams of events written by hand: it reads those and nothing else.

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/events/types.js';
import { resultOf, Tally } from '../../src/scenarios/tally.js';

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
      withdrawn: 1,
      possibleDuplicates: 1,
      lateBounces: 0,
      startedAt: 5,
      completedAt: 9,
      causes: { 'mailbox-full': 2 },
    });
  });

  test('that was never begun is a fault of ours', () => {
    expect(() => tally([0, queued('a')])).toThrow('mailing news, which was never begun');
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

  test('is charged to the only mailing when the return path is of another making, and to none of two', () => {
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
    expect(Object.fromEntries(read.servers)).toEqual({
      'x.example': {
        connections: 1,
        peakConnections: 1,
        refused: 0,
        accepted: 1,
        replies: { 250: 2, 450: 1 },
      },
      'y.example': { connections: 0, peakConnections: 0, refused: 1, accepted: 0, replies: {} },
    });
  });

  test('the peak counts those that stood beside each other, not those that relieved each other', () => {
    const relieved = tally([0, opened(1)], [5, opened(2)], [5, closed(1)], [9, closed(2)]);
    expect(relieved.server('x.example').peakConnections).toBe(1);
    const beside = tally([0, opened(1)], [5, opened(2)], [6, closed(1)], [9, closed(2)]);
    expect(beside.server('x.example').peakConnections).toBe(2);
    expect(tally([0, opened(1)], [0, opened(2)]).server('x.example').peakConnections).toBe(2);
  });

  test('asking for a domain that nobody connected to leaves no trace of it', () => {
    const read = new Tally();
    expect(read.server('nobody.example')).toMatchObject({ connections: 0, accepted: 0 });
    expect(read.servers.size).toBe(0);
  });
});

test('contacts have the status and streak they were last said to have', () => {
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
