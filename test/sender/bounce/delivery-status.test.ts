// Parsing the fields of a delivery status: as servers write them, malformed ones, and missing ones.

import { describe, expect, it } from 'vitest';
import { parseDeliveryStatus } from '../../../src/sender/bounce/delivery-status.js';

const BOB = 'bob@example.org';
const NAME = `Final-Recipient: rfc822;${BOB}`;

describe('the fields about a recipient', () => {
  it.each<[string, string[], object]>([
    [
      'are identified by their names',
      [
        `Final-Recipient: rfc822; ${BOB}`,
        `Original-Recipient: rfc822;${BOB}`,
        'Action: failed',
        'Status: 5.1.1',
        'Remote-MTA: dns; mx.example.org',
        'Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>: Recipient address',
        '    rejected: User unknown in virtual mailbox table',
      ],
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
    ['need not name a recipient', ['Action: failed'], { action: 'failed' }],
    [
      'that are empty are ignored',
      [NAME, 'Action:', 'Status: ', 'Diagnostic-Code: smtp;'],
      { finalRecipient: BOB },
    ],
    ['have no action if it does not begin with a word', [NAME, 'Action: (failed)'], { finalRecipient: BOB }],
    [
      'begin a line, with optional blanks before the colon',
      [NAME, 'see Action: failed', 'Status \t: 5.1.1', 'Diagnostic-Code:x:y'],
      { finalRecipient: BOB, status: '5.1.1', diagnostic: 'x:y' },
    ],
    [
      'have no status if the value does not begin with one',
      [NAME, 'Status: was 5.1.1'],
      { finalRecipient: BOB },
    ],
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
      'of another address type give no address',
      [
        'Final-Recipient: x400; bob@example.org',
        'Original-Recipient: x-rfc822; bob@example.org',
        'Action: failed',
      ],
      { action: 'failed' },
    ],
    [
      'of a type that only begins with a known one give none either',
      ['Final-Recipient: rfc822-x; bob@example.org', 'Action: failed'],
      { action: 'failed' },
    ],
    [
      'may be internationalized (RFC 6533)',
      ['Final-Recipient: utf-8; Bøb@example.org'],
      { finalRecipient: 'bøb@example.org' },
    ],
    [
      'lose the brackets around an address, and only these',
      ['Final-Recipient: rfc822; <bob@example.org>', 'Original-Recipient: rfc822; "<b>"@example.org'],
      { finalRecipient: BOB, originalRecipient: '"<b>"@example.org' },
    ],
    [
      'keep an unmatched bracket',
      ['Final-Recipient: rfc822; <bob>@example.org', 'Original-Recipient: rfc822; x<bob@example.org>'],
      { finalRecipient: '<bob>@example.org', originalRecipient: 'x<bob@example.org>' },
    ],
    [
      'keep text before a semicolon that is not a type',
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
