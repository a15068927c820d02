// Contacts from files as mail services and spreadsheets export them: separators, encodings, names of columns,
// status words, merge fields, suppressed addresses; and rows that are bad.

import { appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextLines } from '../../src/documents/text-lines.js';
import { folder, lineOf, load, planOf, problemsOf, scenario, scratch, write } from './load-scratch.js';

// The default host takes the odd addresses of drawn rows that happen to be valid.
const FLEET = 'fleet: { example.org: {}, default: {} }';
const audience = (more = ''): string =>
  scenario({ fleet: FLEET, audience: `audience: { file: a.csv${more} }` });
const contactsOf = (csv: string | Uint8Array, more = '') => {
  write('a.csv', csv);
  return planOf(audience(more)).contacts;
};
const names = (csv: string | Uint8Array, more = '') =>
  contactsOf(csv, more).map(({ address, status }) => `${address.split('@')[0]} ${status}`);
const takenOf = (csv: string | Uint8Array) => {
  write('a.csv', csv);
  return load(audience()).taken?.file;
};
const skipped = (csv: string) => {
  write('a.csv', csv);
  const { plan, warnings = [], leftOut } = load(audience(', onBadLine: skip'));
  const kept = plan?.contacts.map(({ address }) => address.split('@')[0]);
  return { kept, leftOut, bad: warnings.map(({ location }) => location.line) };
};
const utf16 = (text: string, isBig: boolean, hasMark: boolean): Buffer => {
  const bytes = Buffer.from(`${hasMark ? '\ufeff' : ''}${text}`, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};

describe('a file of another program', () => {
  const rows = ['Email;Status', 'bjørn@example.org;active', 'eve@example.org;error', ''];

  it.each([
    ['comma', ','],
    ['semicolon', ';'],
    ['tab', '\t'],
  ])('may separate fields by %s', (name, separator) => {
    const csv = rows.join('\n').replaceAll(';', separator);
    expect(names(csv)).toEqual(['bjørn active', 'eve error']);
    expect(takenOf(csv)?.separator).toBe(name);
  });

  it('may name its separator in the first line, as Excel does', () => {
    expect(names('sep=;\r\nEmail;a,b,c,d\r\nbob@example.org;1,2\r\n')).toEqual(['bob active']);
  });

  it.each([
    ['UTF-8', Buffer.from(rows.join('\r\n'))],
    ['UTF-8 with BOM', Buffer.from(`\ufeff${rows.join('\r\n')}`)],
    ['UTF-16 LE', utf16(rows.join('\r\n'), false, true)],
    ['UTF-16 BE', utf16(rows.join('\r\n'), true, true)],
    ['UTF-16 LE', utf16(rows.join('\r'), false, false)],
    ['UTF-16 BE', utf16(rows.join('\n'), true, false)],
  ])('may be %s', (encoding, bytes) => {
    expect(names(bytes)).toEqual(['bjørn active', 'eve error']);
    expect(takenOf(bytes)?.encoding).toBe(encoding);
  });

  it('in an encoding of Windows is refused with the line and what to do', () => {
    write('a.csv', Buffer.from('Email\nbob@example.org\nbj\xf8rn@example.org\n', 'latin1'));
    expect(problemsOf(audience())).toEqual([
      '3:19+5 the audience file `a.csv`: the file is not valid UTF-8, first on line 3 | save it as text in UTF-8; Excel calls that "CSV UTF-8"',
    ]);
  });

  it.each([
    ['Mailchimp', 'Email Address,First Name,MEMBER_RATING\nbob@example.org,Bob,2\n', 'bob active'],
    ['Mailchimp', 'Email Address,UNSUB_TIME\nbob@example.org,2024-01-02 03:04:05\n', 'bob opt-out'],
    ['Mailchimp', 'Email Address,CLEAN_TIME\nbob@example.org,2024-01-02 03:04:05\n', 'bob error'],
    ['Mailchimp', 'EMAIL ADDRESS,MEMBER_STATUS\nbob@example.org,Unsubscribed\n', 'bob opt-out'],
    [
      'HubSpot',
      'Record ID,Email,Address,Marketing contact status\n1,bob@example.org,1 High St,Marketing contact\n',
      'bob active',
    ],
    [
      'HubSpot',
      'Email,Marketing contact status,Unsubscribed from all email\nbob@example.org,Marketing contact,true\n',
      'bob opt-out',
    ],
    ['HubSpot', 'Email,Unsubscribed from all email\nbob@example.org,false\n', 'bob active'],
    ['Excel', 'E-Mail-Adresse;STATUS;;\r\nbob@example.org;Cleaned;;\r\n;;;\r\n', 'bob error'],
  ])('of %s is read as it comes (%j)', (_, csv, expected) => {
    expect(names(csv)).toEqual([expected]);
  });
});

describe('columns', () => {
  const csv =
    'Who,E-mail,Segment,First Name,First name,Größe (cm),2nd\nme@example.org,x@example.org,opt-out,Ann,B,170,z\n';

  it('that are not the address or the status become merge fields with names that messages can use', () => {
    write('a.csv', csv);
    const mailings =
      'mailings: [{ name: november, message: { subject: "{{First Name}} {{first_name_2}} {{x|}}" } }]';
    const text = scenario({ fleet: FLEET, audience: 'audience: { file: a.csv }', mailings });
    // Fields that no message uses are not kept.
    expect(planOf(text).contacts[0]?.fields).toEqual({ first_name: 'Ann', first_name_2: 'B' });
    expect(load(text).taken?.file?.columns.fields.map(({ name }) => name)).toEqual([
      'who',
      'segment',
      'first_name',
      'first_name_2',
      'grosse_cm',
      'column_7',
    ]);
  });

  it('without an entry leave the fallback to the message, which must have one', () => {
    write('a.csv', 'email,city\nann@example.org,Rome\nbob@example.org,\n');
    const text = (subject: string): string =>
      scenario({
        fleet: FLEET,
        audience: 'audience: { file: a.csv }',
        mailings: `mailings: [{ name: november, message: { subject: "${subject}" } }]`,
      });
    expect(problemsOf(text('{{city}}'))[0]).toContain('1 contact without a field `city`');
    expect(planOf(text('{{city|there}}')).contacts.map(({ fields }) => fields?.['city'])).toEqual([
      'Rome',
      undefined,
    ]);
  });

  it('can be named, in any case', () => {
    expect(names(csv, ', columns: { address: who, status: segment, fields: [2nd] }')).toEqual(['me opt-out']);
  });

  it.each([
    [
      '{ status: Segmnt }',
      '3:45+6 the audience file has no column `Segmnt` | did you mean `Segment`? columns: Who, E-mail, Segment, First Name, First name, Größe (cm), 2nd',
    ],
    [
      '{ fields: [city] }',
      '3:46+4 the audience file has no column `city` | columns: Who, E-mail, Segment, First Name, First name, Größe (cm), 2nd',
    ],
  ])('that are named and are not there are reported (%s)', (columns, expected) => {
    write('a.csv', csv);
    expect(problemsOf(audience(`, columns: ${columns}`))).toEqual([expected]);
  });

  it('that can both be the address are an error', () => {
    write('a.csv', 'Email,Email Address\na@example.org,b@example.org\n');
    expect(problemsOf(audience())).toEqual([
      'a.csv:1:7+13 2 columns can be the address: `Email`, `Email Address` | name it: `columns: { address: Email }`',
    ]);
  });
});

describe('status words', () => {
  const csv =
    'email,status\na@example.org,Snoozed\nb@example.org,subscribed\nc@example.org,snoozed\nd@example.org,Snoozed\n';

  it('without a known meaning are an error with their number, their first place and the way to map them', () => {
    write('a.csv', csv);
    expect(problemsOf(audience()).filter((line) => line.startsWith('a.csv'))).toEqual([
      'a.csv:2:15+7 3 rows have the status `Snoozed`, which is not known; the first is here | map it in the scenario: `statuses: { Snoozed: active }`, or to error or opt-out',
    ]);
  });

  it('can be mapped, in any case', () => {
    expect(names(csv, ', statuses: { SNOOZED: opt-out, subscribed: error }')).toEqual([
      'a opt-out',
      'b error',
      'c opt-out',
      'd opt-out',
    ]);
  });

  it('whose meaning depends on the service are not guessed', () => {
    for (const word of ['pending', 'archived', 'non-subscribed', 'Non-marketing contact']) {
      write('a.csv', `email,status\na@example.org,${word}\n`);
      expect(problemsOf(audience()).join()).toContain(`1 row has the status \`${word}\``);
    }
  });
});

describe('a bad row', () => {
  it.each([
    ['text after a quoted field', '"bob"@example.org","active""'],
    ['a quote that is never closed', '"bob@example.org,active'],
    ['a quote that is never closed in the last field', 'bob@example.org,"active'],
    ['a quote in a bare field', 'bo"b@example.org,active'],
    ['three quotes', '"bob@example.org","active'],
    ['a lone quote', '"'],
  ])('with %s costs no other row', (_, row) => {
    const [before, after] = [
      '"a@example.org","active"',
      '"b@example.org","active"\n"c@example.org","active"',
    ];
    expect(skipped(`address,status\n${before}\n${row}\n${after}\n`)).toEqual({
      kept: ['a', 'b', 'c'],
      leftOut: 1,
      bad: [3],
    });
  });

  it('costs no other row when a later quote closes its own', () => {
    const rows = [
      '"x@example.org,1',
      'a@example.org,2',
      'b@example.org,3',
      'y@example.org,4"',
      'c@example.org,5',
    ];
    expect(skipped(`address,note\n${rows.join('\n')}\n`)).toEqual({
      kept: ['a', 'b', 'c'],
      leftOut: 2,
      bad: [2, 5],
    });
  });

  it('is not one whose quoted field has line breaks', () => {
    expect(skipped('address,note\na@example.org,"1 High St\n\nOxford"\nb@example.org,2\n')).toEqual({
      kept: ['a', 'b'],
      leftOut: 0,
      bad: [],
    });
  });

  it('wherever it is and whatever quotes it has, costs no row without quotes', () => {
    const good = fc.integer({ min: 0, max: 99_999 }).map((n) => `r${n}@example.org`);
    const bad = fc.stringMatching(/^[ab",@]{0,12}$/).map((text) => `"${text}`);
    const lines = fc.array(fc.oneof({ weight: 3, arbitrary: good }, bad), { minLength: 1, maxLength: 600 });
    fc.assert(
      fc.property(lines, (list) => {
        const expected = [...new Set(list.filter((line) => line.startsWith('r')))];
        if (expected.length === 0) return;
        const { kept } = skipped(`address\n${list.join('\n')}\n`);
        expect(kept).toEqual(expect.arrayContaining(expected.map((line) => line.split('@')[0])));
      }),
      { numRuns: 30 },
    );
  });

  it('is counted once, and of many the first are shown with the number of all', () => {
    const row = (n: number): string => (n % 10 === 3 ? `"r${n}@example.org"x,?` : `r${n}@example.org,`);
    write('a.csv', `address,status\n${Array.from({ length: 5000 }, (_, n) => row(n)).join('\n')}\n`);
    const problems = problemsOf(audience()).filter((line) => !line.startsWith('a.csv'));
    expect(problems).toEqual([
      '3:19+5 500 rows of 5,000 in `a.csv` cannot be read | `onBadLine: skip` leaves them out; the first ones are shown',
    ]);
    const { plan, warnings, leftOut } = load(audience(', onBadLine: skip'));
    expect([plan?.contacts.length, warnings?.length, leftOut]).toEqual([4500, 20, 500]);
  });
});

describe('a file that changes while it is read', () => {
  const text = 'bob@example.org\n'.repeat(100_000);

  it.each([
    ['grows', (path: string) => appendFileSync(path, 'eve@example.org\n')],
    ['is cut off', (path: string) => truncateSync(path, 400_000)],
  ])('and %s is refused', (_, change) => {
    folder();
    const path = join(scratch, write('large.csv', text));
    const lines = new TextLines(path, 1e9).read();
    expect(lines.next().value).toBe('bob@example.org');
    change(path);
    expect(() => [...lines]).toThrow('the file changed while it was read');
  });
});

describe('suppressed addresses', () => {
  const suppressing = (more = '') =>
    scenario({
      fleet: FLEET,
      audience: 'audience: { contacts: [ann@example.org, Bob@example.org], suppress: s.csv }',
      more,
    });

  it.each([
    ['with a header', 'Reason;E-Mail\nspam;bob@EXAMPLE.org\n;gone@example.org\n'],
    ['without one', 'bob@example.org\n"gone@example.org"\n'],
  ])('are read from a file %s, and their contacts count as opted out', (_, csv) => {
    write('s.csv', csv);
    const plan = planOf(suppressing());
    expect(plan.contacts.map(({ status }) => status)).toEqual(['active', 'opt-out']);
    expect(plan.suppressed).toEqual(['bob@example.org', 'gone@example.org']);
    expect(load(suppressing()).taken?.suppress).toMatchObject({ addresses: 2, contacts: 1 });
  });

  it('that cannot be read are an error, since they would be mailed', () => {
    write('s.csv', 'email\nbob@example.org\nnobody\n');
    expect(load(suppressing()).problems?.map(lineOf)).toEqual([
      's.csv:3:1+6 this must be an address such as bob@example.org, not `nobody` | correct or remove it: a suppressed address that cannot be read would be mailed',
    ]);
  });

  it('cannot be added or subscribe', () => {
    write('s.csv', 'bob@example.org\ngone@example.org\n');
    const events = 'events: [{ at: 1h, add: gone@example.org }, { at: 2h, subscribe: bob@example.org }]';
    expect(problemsOf(suppressing(events)).map((line) => line.split(' | ')[0])).toEqual([
      expect.stringContaining('`gone@example.org` is suppressed, and no server may see it'),
      expect.stringContaining('`bob@example.org` is suppressed, and no server may see it'),
    ]);
  });
});
