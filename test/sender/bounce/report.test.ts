// Parsing messages to a return path: reports as servers write them, malformed ones, truncated ones, and
// other messages.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDeliveryStatus } from '../../../src/sender/bounce/delivery-status.js';
import { readIncoming } from '../../../src/sender/bounce/report.js';
import { bounceOutcome } from '../../../src/sender/bounce/outcome.js';
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

/** The outcome of a message for bob. */
async function outcome(message: string | Uint8Array, address = BOB, policy = EMMA) {
  const incoming = await readIncoming(typeof message === 'string' ? Buffer.from(message) : message);
  return incoming.kind === 'report' ? bounceOutcome(incoming.recipients, address, policy) : incoming;
}

describe('a report', () => {
  it('may have folded fields', async () => {
    expect(await outcome(report(FAILED))).toEqual({
      reported: { status: '5.1.1', action: 'failed' },
      state: 'hard-bounced',
      cause: 'user-unknown',
      evidence: { enhanced: '5.1.1' },
      why: 'bounce message: 550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown in virtual mailbox table',
    });
  });

  it('may have bare line feeds, and field names in any case', async () => {
    const written = report(FAILED.map((field) => field.replace(/^[\w-]+/, (name) => name.toUpperCase())));
    expect(await outcome(written.replaceAll('\r\n', '\n'))).toMatchObject({ state: 'hard-bounced' });
  });

  it('may be encoded', async () => {
    const encoded = Buffer.from(`Reporting-MTA: dns; x\r\n\r\n${FAILED.join('\r\n')}\r\n`).toString('base64');
    const message = report(FAILED).replace(
      /Content-Type: message\/delivery-status\r\n\r\n[^]*?--A/,
      `Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n--A`,
    );
    expect(message).not.toContain('Final-Recipient');
    expect(await outcome(message)).toMatchObject({ state: 'hard-bounced' });
  });

  it.each<[string, string[], object]>([
    ['status 4.2.2', ['Action: failed', 'Status: 4.2.2'], { state: 'soft-bounced', cause: 'mailbox-full' }],
    [
      'a comment after the status',
      ['Action: failed', 'Status: 5.2.1 (disabled)'],
      { state: 'hard-bounced', cause: 'mailbox-disabled' },
    ],
    ['a status without action', ['Status: 5.1.1'], { ignored: 'it gives no action' }],
    ['a truncated action', ['Action: fail', 'Status: 5.1.1'], { ignored: 'its action is fail' }],
    ['delayed', ['Action: delayed', 'Status: 4.4.1'], { ignored: 'its action is delayed' }],
    ['delivered', ['Action: delivered', 'Status: 2.0.0'], { ignored: 'its action is delivered' }],
    ['relayed with a 5', ['Action: relayed', 'Status: 5.0.0'], { ignored: 'its action is relayed' }],
    ['no status and no code', ['Action: failed'], { ignored: 'it gives no status' }],
    ['a truncated status', ['Action: failed', 'Status: 5.1'], { ignored: 'it gives no status' }],
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
    expect(await outcome(report([`Final-Recipient: rfc822; ${BOB}`, ...fields]))).toMatchObject(expected);
  });

  it('about several recipients applies to the contact of the return path', async () => {
    const others = [
      ['Final-Recipient: rfc822; eve@example.org', 'Action: failed', 'Status: 5.1.1'],
      [`Final-Recipient: RFC822; <BOB@example.org>`, 'Action: failed', 'Status: 4.2.2'],
    ];
    expect(await outcome(report(...others))).toMatchObject({ state: 'soft-bounced' });
    expect(await outcome(report(others[0]!, others[0]!))).toMatchObject({
      ignored: 'it is about another address',
    });
  });

  it('about forwarded mail applies, unless it names another original recipient', async () => {
    const forwarded = ['Final-Recipient: rfc822; bob@elsewhere.example', 'Action: failed', 'Status: 5.1.1'];
    expect(await outcome(report(forwarded))).toMatchObject({ state: 'hard-bounced' });
    const forged = [...forwarded, 'Original-Recipient: rfc822; eve@example.org'];
    expect(await outcome(report(forged))).toMatchObject({ ignored: 'it is about another address' });
  });

  it('with several entries about one contact has the gravest outcome', async () => {
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
    expect(await outcome(message)).toMatchObject({ state: 'hard-bounced' });
  });

  it('follows overrides of the policy: deferred makes it soft, rejected hard', async () => {
    const overridden = (cause: 'user-unknown' | 'mailbox-full', treatAs: 'deferred' | 'rejected') => ({
      ...EMMA,
      bounce: { ...EMMA.bounce, overrides: [{ cause, treatAs }] },
    });
    expect(await outcome(report(FAILED), BOB, overridden('user-unknown', 'deferred'))).toMatchObject({
      state: 'soft-bounced',
    });
    const full = report([`Final-Recipient: rfc822; ${BOB}`, 'Action: failed', 'Status: 4.2.2']);
    expect(await outcome(full, BOB, overridden('mailbox-full', 'rejected'))).toMatchObject({
      state: 'hard-bounced',
    });
  });
});

describe('not a report', () => {
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
      'a forwarded report',
      `Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n${report(FAILED)}\r\n--x--`,
      { kind: 'other', why: 'it is no delivery report' },
    ],
    [
      'a report without a delivery status',
      report(FAILED).replace('message/delivery-status', 'text/plain'),
      { kind: 'other', why: 'it holds no delivery status' },
    ],
    [
      'a delivery status without recipient',
      report(),
      { kind: 'other', why: 'its delivery status names no recipient' },
    ],
  ])('%s', async (_, message, expected) => {
    expect(await outcome(message)).toMatchObject(expected);
  });
});

describe('a truncated report', () => {
  it('at any byte has the same outcome or none', async () => {
    const whole = Buffer.from(report(FAILED));
    const found = new Set<string>();
    for (let length = 0; length <= whole.length; length++) {
      const cut = await outcome(whole.subarray(0, length));
      found.add('state' in cut ? cut.state : 'nothing');
    }
    expect([...found].sort()).toEqual(['hard-bounced', 'nothing']);
  });

  it('about a delay is never a bounce', async () => {
    const whole = Buffer.from(report(FAILED.map((field) => field.replace('failed', 'delayed'))));
    for (let length = 0; length <= whole.length; length++) {
      expect(await outcome(whole.subarray(0, length))).not.toHaveProperty('state');
    }
  });
});

describe('any input', () => {
  it('is parsed without an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect(await outcome(bytes)).not.toHaveProperty('state');
      }),
      { numRuns: 300 },
    );
  });

  it('instead of the fields is parsed without an error', () => {
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
        bounceOutcome(parseDeliveryStatus(lines.join(end)), BOB, EMMA);
      }),
      { numRuns: 2000 },
    );
  });

  it('in one place of a report is parsed without an error', async () => {
    const whole = Buffer.from(report(FAILED));
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const changed = Buffer.from(whole);
        for (const { at, to } of changes) changed[at] = to;
        await outcome(changed);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a report names its contact in every form that the RFCs allow', () => {
  const about = (original: string, final = original): string =>
    report([
      `Original-Recipient: ${original}`,
      `Final-Recipient: ${final}`,
      'Action: failed',
      'Status: 5.1.1',
    ]);

  it.each([
    ['the utf-8 type in 7 bits (RFC 6533)', 'jörg@example.org', 'utf-8; j\\x{F6}rg@example.org'],
    ['the utf-8 type in 8 bits', 'jörg@example.org', 'utf-8; jörg@example.org'],
    ['in xtext (RFC 3461)', 'bob+news@example.org', 'rfc822;bob+2Bnews@example.org'],
    ['in xtext around \\x', 'jö+rg@example.org', 'utf-8;j+5Cx{F6}+2Brg@example.org'],
    ['a plus that is no xtext', 'bob+2bnews@example.org', 'rfc822;bob+2Bnews@example.org'],
    ['A-labels', 'bob@xn--bcher-kva.example', 'rfc822; bob@xn--bcher-kva.example'],
    ['U-labels', 'bob@xn--bcher-kva.example', 'utf-8; bob@bücher.example'],
    ['U-labels in 7 bits', 'bob@xn--bcher-kva.example', 'utf-8; bob@b\\x{FC}cher.example'],
    ['a comment', BOB, 'rfc822; bob@example.org (Bob (the first))'],
    ['comments before', BOB, '(original) rfc822 (as named) ; (to) <bob@example.org>'],
    ['quotes', '"john (x) doe"@example.org', 'rfc822; "john (x) doe"@example.org (John)'],
    ['needless quotes', BOB, 'rfc822; "bob"@example.org'],
    ['normalization form D', 'jörg@example.org', 'utf-8; jo\u0308rg@example.org'],
  ])('%s', async (_form, key, written) => {
    expect(await outcome(about(written, 'rfc822; forwarded@elsewhere.test'), key)).toMatchObject({
      state: 'hard-bounced',
    });
  });

  it.each([
    'rfc822; alice@example.org',
    'utf-8; b\\x{F6}b@example.org',
    'rfc822; bob@example.org.test (bob@example.org)',
  ])('another address is another contact: %s', async (written) => {
    expect(await outcome(about(written))).toMatchObject({ ignored: 'it is about another address' });
  });

  it('comments may stand in every field', async () => {
    const fields = [
      `Final-Recipient: rfc822; ${BOB} (Bob)`,
      'Action: (the) failed (for good)',
      'Status: (enhanced) 5.1.1 (no such user)',
      'Diagnostic-Code: smtp (said); 550 5.1.1 No such user',
    ];
    expect(await outcome(report(fields))).toMatchObject({
      state: 'hard-bounced',
      why: 'bounce message: 550 5.1.1 No such user',
    });
  });

  const wrapped = (inner: string, type = 'multipart/mixed; boundary="W"'): string =>
    [
      'From: gateway@example.org',
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
      `Content-Type: ${type}`,
      '',
      '--W',
      inner,
      '--W',
      'Content-Type: text/plain',
      '',
      'Scanned by the gateway.',
      '--W--',
      '',
    ].join('\r\n');
  const part = report(FAILED).slice(report(FAILED).indexOf('Content-Type: multipart'));

  it('a report within the message of a gateway counts', async () => {
    expect(await outcome(wrapped(part))).toMatchObject({ state: 'hard-bounced' });
    const twice = wrapped(
      wrapped(part)
        .slice(wrapped(part).indexOf('Content-Type: multipart'))
        .replaceAll('--W', '--V')
        .replace('"W"', '"V"'),
    );
    expect(await outcome(twice)).toMatchObject({ state: 'hard-bounced' });
  });

  it('a report within an enclosed message does not: it is about that message', async () => {
    const enclosed = `Content-Type: message/rfc822\r\n\r\n${report(FAILED)}`;
    expect(await outcome(wrapped(enclosed))).toMatchObject({ kind: 'auto-reply' });
  });
});
