// What an entry of a delivery report means for the contact that the return path names.

import { describe, expect, test } from 'vitest';
import type { RecipientStatus } from '../../../src/sender/bounce/delivery-status.js';
import { judge } from '../../../src/sender/bounce/outcome.js';
import { EMMA, policy } from '../../support/policies.js';

const BOB = 'bob@example.org';
const about = (entry: RecipientStatus, rules = EMMA) =>
  judge([{ finalRecipient: BOB, ...entry }], BOB, rules);

describe('a report', () => {
  test.each<[RecipientStatus, object]>([
    [{}, { said: {}, ignored: 'it gives no action' }],
    [
      { action: 'delayed', status: '4.2.2' },
      { said: { status: '4.2.2', action: 'delayed' }, ignored: 'its action is delayed' },
    ],
    [{ action: 'failed' }, { said: { action: 'failed' }, ignored: 'it gives no status' }],
    [
      { action: 'failed', status: '2.0.0' },
      { said: { action: 'failed' }, ignored: 'it gives no status' },
    ],
    [
      { action: 'failed', diagnostic: 'no such user' },
      { said: { action: 'failed' }, ignored: 'it gives no status' },
    ],
    // A number in the midst of the words is no reply code.
    [
      { action: 'failed', diagnostic: 'room 550 5.1.1 is empty' },
      { said: { action: 'failed' }, ignored: 'it gives no status' },
    ],
    [
      { action: 'failed', status: '5.1.1' },
      {
        said: { status: '5.1.1', action: 'failed' },
        state: 'hard-bounced',
        cause: 'user-unknown',
        why: 'bounce message: 5.1.1',
      },
    ],
    [
      { action: 'failed', status: '4.2.2', diagnostic: '452 full' },
      {
        said: { status: '4.2.2', action: 'failed' },
        state: 'soft-bounced',
        cause: 'mailbox-full',
        why: 'bounce message: 452 full',
      },
    ],
    [
      { action: 'failed', diagnostic: '550 --5.1.10 gone' },
      {
        said: { status: '5.1.10', action: 'failed' },
        state: 'hard-bounced',
        cause: 'user-unknown',
        why: 'bounce message: 550 --5.1.10 gone',
      },
    ],
    [
      { action: 'failed', diagnostic: '550 5.10.10 gone' },
      { said: { status: '5.10.10', action: 'failed' }, state: 'hard-bounced' },
    ],
    [
      { action: 'failed', diagnostic: '500 no' },
      { said: { action: 'failed' }, state: 'hard-bounced' },
    ],
    [
      { action: 'failed', diagnostic: '421 x' },
      { said: { action: 'failed' }, state: 'soft-bounced', cause: 'server-busy' },
    ],
  ])('that says %j', (entry, verdict) => {
    const found = about(entry);
    expect(found).toMatchObject(verdict);
    expect(found.said).toEqual((verdict as { said: object }).said);
  });

  test('is judged by its status, whatever an earlier reply said', () => {
    const rules = policy({ bounce: { overrides: [{ code: 450, treatAs: 'rejected' }] } });
    expect(about({ action: 'failed', status: '4.2.2', diagnostic: '550 no' }, rules)).toMatchObject({
      state: 'hard-bounced',
    });
    expect(about({ action: 'failed', status: '4.2.2', diagnostic: '452 no' }, rules)).toMatchObject({
      state: 'soft-bounced',
    });
  });

  test('is held against the domain of the contact', () => {
    const rules = policy({ bounce: { overrides: [{ domain: 'example.org', treatAs: 'deferred' }] } });
    expect(about({ action: 'failed', status: '5.1.1' }, rules)).toMatchObject({ state: 'soft-bounced' });
    const others = policy({ bounce: { overrides: [{ domain: 'example.com', treatAs: 'deferred' }] } });
    expect(about({ action: 'failed', status: '5.1.1' }, others)).toMatchObject({ state: 'hard-bounced' });
  });

  test('is read like a refusal after the final dot, by the rules of the policy', () => {
    const override = { stage: 'message' as const, cause: 'throttled' as const, treatAs: 'deferred' as const };
    const causes = [{ cause: 'throttled' as const, stage: ['message' as const], domain: ['example.org'] }];
    const rules = { ...policy({ bounce: { overrides: [override] } }), causes };
    expect(about({ action: 'failed', status: '5.1.1' }, rules)).toMatchObject({
      cause: 'throttled',
      state: 'soft-bounced',
    });
  });

  test('about others alone is about another address', () => {
    const other = { finalRecipient: 'eve@example.org', action: 'failed', status: '5.1.1' };
    const wrong = { said: {}, ignored: 'it is about another address' };
    expect(judge([other, other], BOB, EMMA)).toEqual(wrong);
    expect(judge([{ ...other, originalRecipient: 'eve@example.org' }], BOB, EMMA)).toEqual(wrong);
    expect(judge([], BOB, EMMA)).toEqual(wrong);
    // Mail that was forwarded: the one address of the report may be another.
    expect(judge([other], BOB, EMMA)).toMatchObject({ state: 'hard-bounced' });
    expect(judge([{ ...other, originalRecipient: BOB }, other], BOB, EMMA)).toMatchObject({
      state: 'hard-bounced',
    });
  });

  test('with several entries about the contact means the gravest of them', () => {
    const [soft, hard, delayed, silent] = [
      { finalRecipient: BOB, action: 'failed', status: '4.2.2' },
      { finalRecipient: BOB, action: 'failed', status: '5.1.1' },
      { finalRecipient: BOB, action: 'delayed', status: '5.9.9' },
      { finalRecipient: BOB, action: 'failed' },
    ];
    for (const entries of [
      [soft, hard, delayed],
      [delayed, soft, hard],
      [hard, delayed, soft],
    ])
      expect(judge(entries, BOB, EMMA)).toMatchObject({ said: { status: '5.1.1' } });
    expect(judge([delayed, silent], BOB, EMMA)).toMatchObject({ ignored: 'it gives no status' });
    expect(judge([silent, delayed], BOB, EMMA)).toMatchObject({ ignored: 'it gives no status' });
  });
});
