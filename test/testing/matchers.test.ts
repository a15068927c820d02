// The matchers of bouncelab/vitest, with what they say when they do not hold.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { playScenario } from '../../src/index.js';
import '../../src/testing/vitest/index.js';
import { codeBlocks } from '../support/markdown.js';

const run = await playScenario({
  name: 'two mailings',
  fleet: { 'example.org': { mailboxes: { bob: 'mailbox-full', carol: 'nonexistent-user' } } },
  audience: { contacts: ['bob@example.org', 'carol@example.org', 'dave@example.org'] },
  mailings: [{ name: 'november' }, { name: 'december', at: '40h' }],
  expect: [{ at: 'end', november: { delivered: 1 }, december: { delivered: 1 } }],
});
const failed = await playScenario({
  name: 'one too many',
  fleet: { 'example.org': {} },
  audience: { contacts: ['bob@example.org'] },
  mailings: [{ name: 'november' }],
  expect: [{ at: 'end', november: { delivered: 2 } }],
});
const november = { mailing: 'november' };

describe('a matcher holds', () => {
  test('for what the run did', () => {
    expect(run).toHavePassed();
    expect(run).toHaveDelivered(2);
    expect(run).toHaveDelivered('1..2', november);
    expect(run).toHaveDelivered('dave@example.org', november);
    expect(run).toHaveSoftBounced('>= 2');
    expect(run).toHaveSoftBounced('Bob@EXAMPLE.org', november);
    expect(run).toHaveHardBounced(1);
    expect(run).toHaveHardBounced('carol@example.org');
    expect(run).toHaveStatus('carol@example.org', 'error');
    expect(run).toHaveStatus('bob@example.org', 'active', { softBounceStreak: 2 });
    expect(run).toHaveStatus('*a*e@example.org', 'active');
    expect(run).toHaveBeenSeen('dave@example.org');
    expect(run).toHaveBeenSeen('carol@example.org', 1);
    expect(run).toHaveBeenSeen('eve@example.org', 0);
    expect(run).toHaveBeenSeenAt('bob@example.org', ['0m', '30m', '60m', '90m'], november);
    expect(run).toHaveBeenSeenAt('bob@example.org', ['0m', '31m', '59m', '90m'], {
      ...november,
      within: '1m',
    });
    expect(run).toHaveBeenSeenAt('eve@example.org', []);
  });

  test('for what it did not', () => {
    expect(failed).not.toHavePassed();
    expect(run).not.toHaveDelivered(3);
    expect(run).not.toHaveDelivered('bob@example.org', november);
    expect(run).not.toHaveSoftBounced('nobody@example.com');
    expect(run).not.toHaveHardBounced('> 1');
    expect(run).not.toHaveStatus('*@example.org', 'active');
    expect(run).not.toHaveStatus('eve@example.org', 'active');
    expect(run).not.toHaveBeenSeen('eve@example.org');
    expect(run).not.toHaveBeenSeenAt('bob@example.org', ['0m', '31m', '60m', '90m'], november);
  });
});

describe('a matcher that does not hold says what was expected and found', () => {
  test.each<[() => void, string]>([
    [() => expect(run).toHaveDelivered(3), 'delivered deliveries: expected 3, found 2'],
    [
      () => expect(run).not.toHaveDelivered(1, november),
      'delivered deliveries of november: expected not 1, found 1',
    ],
    [
      () => expect(run).toHaveSoftBounced('dave@example.org', november),
      'delivery of november to dave@example.org: expected soft-bounced, found delivered',
    ],
    [
      () => expect(run).toHaveHardBounced('eve@example.org'),
      'delivery to eve@example.org: expected hard-bounced, found no delivery to it',
    ],
    [
      () => expect(run).toHaveStatus('*@example.org', 'active'),
      'status of *@example.org: expected active, found carol@example.org is error',
    ],
    [
      () => expect(run).toHaveStatus('bob@example.org', 'active', { softBounceStreak: 1 }),
      'status of bob@example.org: expected active with a streak of 1, found active with a streak of 2',
    ],
    [
      () => expect(run).toHaveStatus('eve@example.org', 'active'),
      'status of eve@example.org: expected active, found no such contact',
    ],
    [
      () => expect(run).toHaveBeenSeen('bob@example.org', 3, november),
      'attempts at bob@example.org that a server saw: expected 3, found 4, at offsets [0m, 30m, 1h00m, 1h30m]',
    ],
    [
      () => expect(run).toHaveBeenSeenAt('bob@example.org', ['0m', '35m'], { ...november, within: '1m' }),
      'attempts at bob@example.org that a server saw, within 1m: expected [0m, 35m], found [0m, 30m, 1h00m, 1h30m]',
    ],
    [() => expect(failed).toHavePassed(), '^ expected 2, found 1'],
    [() => expect(run).not.toHavePassed(), 'two mailings: expected a run that does not pass, found passed'],
  ])('%#', (act, message) => {
    expect(act).toThrow(message);
  });
});

test('docs/vitest.md shows what a matcher says', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/vitest.md', import.meta.url)), 'utf8');
  const shown = codeBlocks(page, '').find((block) => block.startsWith('attempts at '))!;
  const act = (): void => expect(run).toHaveBeenSeenAt('bob@example.org', ['0m', '30m'], november);
  expect(act).toThrow(shown.trimEnd());
});

describe('a matcher refuses', () => {
  test.each<[string, () => void, string]>([
    ['a promise', () => expect(Promise.resolve(run)).toHavePassed(), 'found a promise: await it first'],
    ['a number', () => expect(5).toHaveDelivered(5), 'toHaveDelivered expects the run that'],
    ['nothing', () => expect(undefined).toHaveStatus('bob@example.org', 'error'), 'found nothing'],
    ['null for a fleet', () => expect(null).toHaveBeenSeen('bob@example.org'), 'or a fleet of startFleet'],
    [
      'a count in words',
      () => expect(run).toHaveHardBounced('two'),
      'toHaveHardBounced expects a number such as 3',
    ],
    ['a fraction', () => expect(run).toHaveBeenSeen('bob@example.org', 1.5), 'found `1.5`'],
    ['offsets that do not begin at 0', () => expect(run).toHaveBeenSeenAt('bob@example.org', ['5m']), '0m'],
    [
      'offsets in words',
      () => expect(run).toHaveBeenSeenAt('bob@example.org', ['soon']),
      'toHaveBeenSeenAt expects',
    ],
    [
      'a number of offsets',
      () => expect(run).toHaveBeenSeenAt('bob@example.org', 4 as never),
      'a list of offsets',
    ],
    [
      'a tolerance in words',
      () => expect(run).toHaveBeenSeenAt('bob@example.org', ['0m'], { within: 'a bit' }),
      '`within` must be a duration such as 1m, found `a bit`',
    ],
    [
      'a mailing that is not there',
      () => expect(run).toHaveDelivered(1, { mailing: 'may' }),
      'has no mailing `may`',
    ],
    [
      'one of several',
      () => expect(run).toHaveDelivered('dave@example.org'),
      'was mailed by several mailings',
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});
