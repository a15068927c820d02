// Reading what comes to a return path: reports as servers write them, broken ones, cut ones, and
// what is no report at all.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDeliveryStatus } from '../../../src/sender/bounce/delivery-status.js';
import { readIncoming } from '../../../src/sender/bounce/report.js';
import { judge } from '../../../src/sender/bounce/outcome.js';
import { EMMA } from '../../support/policies.js';

const BOB = 'bob@example.org';

/** A report with these groups of fields, as a server sends it. */
function report(...groups: string[][]): string {
  const status = [['Reporting-MTA: dns; mx.example.org'], ...groups].map(
    (fields) => `${fields.join('\r\n')}\r\n`,
  );
  return [
    'From: MAILER-DAEMON@mx.example.org',
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    '\tboundary="A.B/mx.example.org"',
    '',
    'This is a MIME-encapsulated message.',
    '',
    '--A.B/mx.example.org',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'Your message could not be delivered. Status: 2.0.0',
    '',
    '--A.B/mx.example.org',
    'Content-Type: message/delivery-status',
    '',
    status.join('\r\n'),
    '--A.B/mx.example.org',
    'Content-Type: text/rfc822-headers',
    '',
    'Subject: News',
    'Action: delayed',
    '',
    '--A.B/mx.example.org--',
    '',
  ].join('\r\n');
}

const FAILED = [
  `Final-Recipient: rfc822; ${BOB}`,
  `Original-Recipient: rfc822;${BOB}`,
  'Action: failed',
  'Status: 5.1.1',
  'Remote-MTA: dns; mx.example.org',
  'Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>: Recipient address',
  '    rejected: User unknown in virtual mailbox table',
];

/** What a message comes to for bob. */
async function verdict(message: string | Uint8Array, address = BOB, policy = EMMA) {
  const incoming = await readIncoming(typeof message === 'string' ? Buffer.from(message) : message);
  return incoming.kind === 'report' ? judge(incoming.recipients, address, policy) : incoming;
}

describe('a report', () => {
  it('is read with its folded fields', async () => {
    expect(await verdict(report(FAILED))).toEqual({
      said: { status: '5.1.1', action: 'failed' },
      state: 'hard-bounced',
      cause: 'user-unknown',
      why: 'bounce message: 550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown in virtual mailbox table',
    });
  });

  it('may have line feeds alone, and names in any case', async () => {
    const written = report(FAILED.map((field) => field.replace(/^[\w-]+/, (name) => name.toUpperCase())));
    expect(await verdict(written.replaceAll('\r\n', '\n'))).toMatchObject({ state: 'hard-bounced' });
  });

  it('may be encoded', async () => {
    const encoded = Buffer.from(`Reporting-MTA: dns; x\r\n\r\n${FAILED.join('\r\n')}\r\n`).toString('base64');
    const message = report(FAILED).replace(
      /Content-Type: message\/delivery-status\r\n\r\n[^]*?--A/,
      `Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n--A`,
    );
    expect(message).not.toContain('Final-Recipient');
    expect(await verdict(message)).toMatchObject({ state: 'hard-bounced' });
  });

  it.each<[string, string[], object]>([
    ['status 4.2.2', ['Action: failed', 'Status: 4.2.2'], { state: 'soft-bounced', cause: 'mailbox-full' }],
    [
      'a comment behind the status',
      ['Action: failed', 'Status: 5.2.1 (disabled)'],
      { state: 'hard-bounced', cause: 'mailbox-disabled' },
    ],
    ['a status without action', ['Status: 5.1.1'], { ignored: 'it gives no action' }],
    ['an action that was cut', ['Action: fail', 'Status: 5.1.1'], { ignored: 'its action is fail' }],
    ['delayed', ['Action: delayed', 'Status: 4.4.1'], { ignored: 'its action is delayed' }],
    ['delivered', ['Action: delivered', 'Status: 2.0.0'], { ignored: 'its action is delivered' }],
    ['relayed with a 5', ['Action: relayed', 'Status: 5.0.0'], { ignored: 'its action is relayed' }],
    ['no status and no code', ['Action: failed'], { ignored: 'it gives no status' }],
    ['a status that was cut', ['Action: failed', 'Status: 5.1'], { ignored: 'it gives no status' }],
    ['status 2.0.0 and failed', ['Action: failed', 'Status: 2.0.0'], { ignored: 'it gives no status' }],
    [
      'no status but a code',
      ['Action: failed', 'Diagnostic-Code: smtp; 452-4.2.2 over quota'],
      { state: 'soft-bounced', cause: 'mailbox-full' },
    ],
    [
      'a status that the diagnostic contradicts: the status decides',
      ['Action: failed', 'Status: 4.4.7', 'Diagnostic-Code: smtp; 550 no such user'],
      { state: 'soft-bounced' },
    ],
    [
      'two statuses: the first',
      ['Action: failed', 'Status: 4.2.2', 'Status: 5.1.1'],
      { state: 'soft-bounced' },
    ],
  ])('with %s', async (_, fields, expected) => {
    expect(await verdict(report([`Final-Recipient: rfc822; ${BOB}`, ...fields]))).toMatchObject(expected);
  });

  it('of several recipients counts for the one it came back for', async () => {
    const others = [
      ['Final-Recipient: rfc822; eve@example.org', 'Action: failed', 'Status: 5.1.1'],
      [`Final-Recipient: RFC822; <BOB@example.org>`, 'Action: failed', 'Status: 4.2.2'],
    ];
    expect(await verdict(report(...others))).toMatchObject({ state: 'soft-bounced' });
    expect(await verdict(report(others[0]!, others[0]!))).toMatchObject({
      ignored: 'it is about another address',
    });
  });

  it('of mail that was forwarded counts, unless it names another original recipient', async () => {
    const forwarded = ['Final-Recipient: rfc822; bob@elsewhere.example', 'Action: failed', 'Status: 5.1.1'];
    expect(await verdict(report(forwarded))).toMatchObject({ state: 'hard-bounced' });
    const forged = [...forwarded, 'Original-Recipient: rfc822; eve@example.org'];
    expect(await verdict(report(forged))).toMatchObject({ ignored: 'it is about another address' });
  });

  it('with several entries about one contact goes by the gravest', async () => {
    const to = (where: string, ...fields: string[]): string[] => [
      `Original-Recipient: rfc822; ${BOB}`,
      `Final-Recipient: rfc822; ${where}`,
      ...fields,
    ];
    const message = report(
      to('a@example.org', 'Action: delivered', 'Status: 2.0.0'),
      to('b@example.org', 'Action: failed', 'Status: 4.2.2'),
      to('c@example.org', 'Action: failed', 'Status: 5.1.1'),
    );
    expect(await verdict(message)).toMatchObject({ state: 'hard-bounced' });
  });

  it('is read with the policy: an override to deferred makes it soft, one to rejected hard', async () => {
    const overridden = (cause: 'user-unknown' | 'mailbox-full', treatAs: 'deferred' | 'rejected') => ({
      ...EMMA,
      bounce: { ...EMMA.bounce, overrides: [{ cause, treatAs }] },
    });
    expect(await verdict(report(FAILED), BOB, overridden('user-unknown', 'deferred'))).toMatchObject({
      state: 'soft-bounced',
    });
    const full = report([`Final-Recipient: rfc822; ${BOB}`, 'Action: failed', 'Status: 4.2.2']);
    expect(await verdict(full, BOB, overridden('mailbox-full', 'rejected'))).toMatchObject({
      state: 'hard-bounced',
    });
  });
});

describe('the fields about a recipient', () => {
  const NAME = 'Final-Recipient: rfc822;bob@example.org';

  it.each<[string, string[], object]>([
    [
      'are told apart by their names',
      FAILED,
      {
        finalRecipient: BOB,
        originalRecipient: BOB,
        action: 'failed',
        status: '5.1.1',
        diagnostic:
          '550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown in virtual mailbox table',
      },
    ],
    [
      'need not name the final recipient',
      ['Original-Recipient: rfc822;bob@example.org'],
      { originalRecipient: BOB },
    ],
    ['need not name anybody', ['Action: failed'], { action: 'failed' }],
    [
      'that are empty say nothing',
      [NAME, 'Action:', 'Status: ', 'Diagnostic-Code: smtp;'],
      { finalRecipient: BOB },
    ],
    [
      'with an action that begins with no word say nothing of it',
      [NAME, 'Action: (failed)'],
      { finalRecipient: BOB },
    ],
    [
      'begin their lines, and have their colon at the next blank',
      [NAME, 'see Action: failed', 'Status \t: 5.1.1', 'Diagnostic-Code:x:y'],
      { finalRecipient: BOB, status: '5.1.1', diagnostic: 'x:y' },
    ],
    ['with a status begin with it', [NAME, 'Status: was 5.1.1'], { finalRecipient: BOB }],
    [
      'may have three digits in each part of a status',
      [NAME, 'Status: 5.123.456'],
      { finalRecipient: BOB, status: '5.123.456' },
    ],
    [
      'may have no type',
      ['Final-Recipient: bob@example.org', 'Diagnostic-Code: no such user'],
      {
        finalRecipient: BOB,
        diagnostic: 'no such user',
      },
    ],
    [
      'may have space around the type',
      ['Final-Recipient: RFC822 \t;\t bob@example.org', 'Diagnostic-Code: x-unix \t; \t over; quota'],
      { finalRecipient: BOB, diagnostic: 'over; quota' },
    ],
    [
      'of another type say nothing of an address',
      [
        'Final-Recipient: x400; bob@example.org',
        'Original-Recipient: x-rfc822; bob@example.org',
        'Action: failed',
      ],
      { action: 'failed' },
    ],
    [
      'of a type that is longer than one that is known neither',
      ['Final-Recipient: rfc822-x; bob@example.org', 'Action: failed'],
      { action: 'failed' },
    ],
    [
      'may be beyond ASCII (RFC 6533)',
      ['Final-Recipient: utf-8; Bøb@example.org'],
      { finalRecipient: 'bøb@example.org' },
    ],
    [
      'lose the brackets around an address, and only these',
      ['Final-Recipient: rfc822; <bob@example.org>', 'Original-Recipient: rfc822; "<b>"@example.org'],
      { finalRecipient: BOB, originalRecipient: '"<b>"@example.org' },
    ],
    [
      'keep a bracket that has no other',
      ['Final-Recipient: rfc822; <bob>@example.org', 'Original-Recipient: rfc822; x<bob@example.org>'],
      { finalRecipient: '<bob>@example.org', originalRecipient: 'x<bob@example.org>' },
    ],
    [
      'keep what is no type before a semicolon',
      [NAME, 'Diagnostic-Code: 550 no; sorry'],
      {
        finalRecipient: BOB,
        diagnostic: '550 no; sorry',
      },
    ],
  ])('%s', (_, fields, expected) => {
    expect(parseDeliveryStatus(`Reporting-MTA: dns; mx\n\n${fields.join('\n')}\n`)).toStrictEqual([expected]);
  });
});

describe('what is no report', () => {
  it.each([
    [
      'an automatic reply',
      'Auto-Submitted: auto-replied (vacation)\r\nSubject: Away\r\n\r\nI am away.',
      { kind: 'auto-reply' },
    ],
    [
      'a letter',
      'Subject: Hi\r\n\r\nStatus: 5.1.1\r\nAction: failed',
      { kind: 'other', why: 'it is no delivery report' },
    ],
    ['nothing', '', { kind: 'other' }],
    [
      'a report that somebody sends on',
      `Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n${report(FAILED)}\r\n--x--`,
      { kind: 'other', why: 'it is no delivery report' },
    ],
    [
      'a report without a delivery status',
      report(FAILED).replace('message/delivery-status', 'text/plain'),
      { kind: 'other', why: 'it holds no delivery status' },
    ],
    [
      'a delivery status about nobody',
      report(),
      { kind: 'other', why: 'its delivery status names no recipient' },
    ],
  ])('%s', async (_, message, expected) => {
    expect(await verdict(message)).toMatchObject(expected);
  });
});

describe('a report that was cut', () => {
  it('at any byte says the same, or nothing', async () => {
    const whole = Buffer.from(report(FAILED));
    const found = new Set<string>();
    for (let length = 0; length <= whole.length; length++) {
      const cut = await verdict(whole.subarray(0, length));
      found.add('state' in cut ? cut.state : 'nothing');
    }
    expect([...found].sort()).toEqual(['hard-bounced', 'nothing']);
  });

  it('of a warning never makes a bounce', async () => {
    const whole = Buffer.from(report(FAILED.map((field) => field.replace('failed', 'delayed'))));
    for (let length = 0; length <= whole.length; length++) {
      expect(await verdict(whole.subarray(0, length))).not.toHaveProperty('state');
    }
  });
});

describe('anything', () => {
  it('is read without an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect(await verdict(bytes)).not.toHaveProperty('state');
      }),
      { numRuns: 300 },
    );
  });

  it('in the place of the fields is read without an error', () => {
    const name = fc.constantFrom(
      'Final-Recipient',
      'Original-Recipient',
      'Action',
      'Status',
      'Diagnostic-Code',
      '',
    );
    const line = fc.tuple(name, fc.string()).map(([key, value]) => `${key}: ${value}`);
    const text = fc.array(fc.oneof(line, fc.string(), fc.constant('')), { maxLength: 12 });
    fc.assert(
      fc.property(text, fc.constantFrom('\n', '\r\n', '\n ', '\r\n\t'), (lines, end) => {
        judge(parseDeliveryStatus(lines.join(end)), BOB, EMMA);
      }),
      { numRuns: 2000 },
    );
  });

  it('that was changed in one place of a report is read without an error', async () => {
    const whole = Buffer.from(report(FAILED));
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const changed = Buffer.from(whole);
        for (const { at, to } of changes) changed[at] = to;
        await verdict(changed);
      }),
      { numRuns: 300 },
    );
  });
});
