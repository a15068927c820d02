// The outcome of a delivery report for the contact that the return path names.

import { describe, expect, test } from 'vitest';
import type { RecipientStatus } from '../../../src/sender/bounce/delivery-status.js';
import { bounceOutcome } from '../../../src/sender/bounce/outcome.js';
import { EMMA, policy } from '../../support/policies.js';

const BOB = 'bob@example.org';
const about = (entry: RecipientStatus, rules = EMMA) =>
  bounceOutcome([{ finalRecipient: BOB, ...entry }], BOB, rules);

describe('a report', () => {
  test.each<[RecipientStatus, object]>([
    [{}, { reported: {}, ignored: 'it gives no action' }],
    [
      { action: 'delayed', status: '4.2.2' },
      { reported: { status: '4.2.2', action: 'delayed' }, ignored: 'its action is delayed' },
    ],
    [{ action: 'failed' }, { reported: { action: 'failed' }, ignored: 'it gives no status' }],
    [
      { action: 'failed', status: '2.0.0' },
      { reported: { action: 'failed' }, ignored: 'it gives no status' },
    ],
    [
      { action: 'failed', diagnostic: 'no such user' },
      { reported: { action: 'failed' }, ignored: 'it gives no status' },
    ],
    // A number within the text is not a reply code.
    [
      { action: 'failed', diagnostic: 'room 550 5.1.1 is empty' },
      { reported: { action: 'failed' }, ignored: 'it gives no status' },
    ],
    [
      { action: 'failed', status: '5.1.1' },
      {
        reported: { status: '5.1.1', action: 'failed' },
        state: 'hard-bounced',
        cause: 'user-unknown',
        why: 'bounce message: 5.1.1',
      },
    ],
    [
      { action: 'failed', status: '4.2.2', diagnostic: '452 full' },
      {
        reported: { status: '4.2.2', action: 'failed' },
        state: 'soft-bounced',
        cause: 'mailbox-full',
        why: 'bounce message: 452 full',
      },
    ],
    [
      { action: 'failed', diagnostic: '550 --5.1.10 gone' },
      {
        reported: { status: '5.1.10', action: 'failed' },
        state: 'hard-bounced',
        cause: 'user-unknown',
        why: 'bounce message: 550 --5.1.10 gone',
      },
    ],
    [
      { action: 'failed', diagnostic: '550 5.10.10 gone' },
      { reported: { status: '5.10.10', action: 'failed' }, state: 'hard-bounced' },
    ],
    [
      { action: 'failed', diagnostic: '550 sorry (#5.7.1)' },
      { reported: { status: '5.7.1', action: 'failed' }, state: 'hard-bounced', cause: 'policy' },
    ],
    [
      { action: 'failed', diagnostic: '550-5.1.1 No such user 550 5.1.1 here' },
      { reported: { status: '5.1.1', action: 'failed' }, state: 'hard-bounced', cause: 'user-unknown' },
    ],
    [
      { action: 'failed', diagnostic: '550 Blocked' },
      { reported: { action: 'failed' }, state: 'hard-bounced', cause: 'ip-blocklisted' },
    ],
    [
      { action: 'failed', diagnostic: '500 no' },
      { reported: { action: 'failed' }, state: 'hard-bounced' },
    ],
    [
      { action: 'failed', diagnostic: '421 x' },
      { reported: { action: 'failed' }, state: 'soft-bounced', cause: 'server-busy' },
    ],
  ])('with %j', (entry, outcome) => {
    const found = about(entry);
    expect(found).toMatchObject(outcome);
    expect(found.reported).toEqual((outcome as { reported: object }).reported);
  });

  test('is judged by its status, not by the diagnostic', () => {
    const rules = policy({ bounce: { overrides: [{ code: 450, treatAs: 'rejected' }] } });
    expect(about({ action: 'failed', status: '4.2.2', diagnostic: '550 no' }, rules)).toMatchObject({
      state: 'hard-bounced',
    });
    expect(about({ action: 'failed', status: '4.2.2', diagnostic: '452 no' }, rules)).toMatchObject({
      state: 'soft-bounced',
    });
  });

  test('matches overrides by the domain of the contact', () => {
    const rules = policy({ bounce: { overrides: [{ domain: 'example.org', treatAs: 'deferred' }] } });
    expect(about({ action: 'failed', status: '5.1.1' }, rules)).toMatchObject({ state: 'soft-bounced' });
    const others = policy({ bounce: { overrides: [{ domain: 'example.com', treatAs: 'deferred' }] } });
    expect(about({ action: 'failed', status: '5.1.1' }, others)).toMatchObject({ state: 'hard-bounced' });
  });

  test('is classified by the policy like a refusal after the final dot', () => {
    const override = { stage: 'message' as const, cause: 'throttled' as const, treatAs: 'deferred' as const };
    const causes = [{ cause: 'throttled' as const, stage: ['message' as const], domain: ['example.org'] }];
    const rules = { ...policy({ bounce: { overrides: [override] } }), causes };
    expect(about({ action: 'failed', status: '5.1.1' }, rules)).toMatchObject({
      cause: 'throttled',
      state: 'soft-bounced',
    });
  });

  test('without an entry about the contact is ignored', () => {
    const other = { finalRecipient: 'eve@example.org', action: 'failed', status: '5.1.1' };
    const wrong = { reported: {}, ignored: 'it is about another address' };
    expect(bounceOutcome([other, other], BOB, EMMA)).toEqual(wrong);
    expect(bounceOutcome([{ ...other, originalRecipient: 'eve@example.org' }], BOB, EMMA)).toEqual(wrong);
    expect(bounceOutcome([], BOB, EMMA)).toEqual(wrong);
    // Forwarded mail: the only recipient of the report may have another address.
    expect(bounceOutcome([other], BOB, EMMA)).toMatchObject({ state: 'hard-bounced' });
    expect(bounceOutcome([{ ...other, originalRecipient: BOB }, other], BOB, EMMA)).toMatchObject({
      state: 'hard-bounced',
    });
  });

  test('with several entries about the contact has the gravest outcome', () => {
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
      expect(bounceOutcome(entries, BOB, EMMA)).toMatchObject({ reported: { status: '5.1.1' } });
    expect(bounceOutcome([delayed, silent], BOB, EMMA)).toMatchObject({ ignored: 'it gives no status' });
    expect(bounceOutcome([silent, delayed], BOB, EMMA)).toMatchObject({ ignored: 'it gives no status' });
  });
});
