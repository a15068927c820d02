// Contacts from a CSV file: what is accepted, and the location of each bad line.

import { describe, expect, it } from 'vitest';
import { lineOf, load, planOf, problemsOf, scenario, write } from './load-scratch.js';

const text = scenario({ fleet: 'fleet: { example.org: {} }', audience: 'audience: { file: a.csv }' });
const fromCsv = (csv: string | Uint8Array) => {
  write('a.csv', csv);
  return problemsOf(text);
};

describe('an audience file', () => {
  it('may name its columns in any order and needs only the address', () => {
    write('a.csv', '\ufeffstatus, address\nerror,bob@example.org\n\n , "eve@example.org"\n');
    // A space before a quote is not part of CSV; without it the quotes are.
    expect(problemsOf(text)).toEqual([
      'a.csv:4:1+1 not valid CSV: a quote in the middle of a field | put a field that contains a quote in quotes, and double the quote inside it',
    ]);
    write('a.csv', '\ufeffstatus, address\r\nerror,bob@example.org\r\n\r\n,  eve@example.org \r\n');
    expect(planOf(text).contacts).toEqual([
      { address: 'bob@example.org', status: 'error', softBounceStreak: 0 },
      { address: 'eve@example.org', status: 'active', softBounceStreak: 0 },
    ]);
  });

  it('may have quoted local parts and internationalized domains', () => {
    write('a.csv', 'address\n"""john doe""@example.org"\n"""a,b@c""@example.org"\nbob@bücher.example\n');
    const plan = planOf(scenario({ fleet: 'fleet: { default: {} }', audience: 'audience: { file: a.csv }' }));
    expect(plan.contacts.map(({ address }) => address)).toEqual([
      '"john doe"@example.org',
      '"a,b@c"@example.org',
      'bob@bücher.example',
    ]);
  });

  it('has a rule reported that an address breaks', () => {
    const lines = [
      'address',
      '"""john doe@example.org"',
      `${'b'.repeat(65)}@example.org`,
      'bob@xn--a.example',
      'bob@example.org',
      '"""bob""@example.org"',
    ];
    expect(fromCsv(lines.join('\n'))).toEqual([
      'a.csv:2:1+24 `"john doe@example.org` is not an address: its quote is not closed (RFC 5321, 4.1.2) | close it before the @, as in "john doe"@example.org',
      `a.csv:3:1+77 \`${'b'.repeat(37)}...\` is not an address: its local part has 65 octets | the limit is 64 octets (RFC 5321, 4.5.3.1.1)`,
      'a.csv:4:1+17 `bob@xn--a.example` is not an address: IDNA does not allow the domain `xn--a.example` (RFC 5890) | correct the name, or write it as it is registered, such as bücher.example or xn--bcher-kva.example',
      'a.csv:6:1+21 the contact `"bob"@example.org` is named twice | the first is on line 5; case is ignored',
    ]);
  });

  it('has every bad row reported once, with its location and its text', () => {
    const csv = [
      'address,status,softBounceStreak',
      'bob@example.org,active,0',
      'nope,opt-out,x',
      '"BOB@example.org"',
      'carol@example.org,opt-out,2,3',
      '',
      '"two\nlines@example.org",,-1',
      'zoe@unknown.test,,1',
    ].join('\r\n');
    expect(fromCsv(csv)).toEqual([
      'a.csv:3:1+4 `address` must be an address such as bob@example.org, not `nope`; `softBounceStreak` must be a whole number, not `x` | spaces and angle brackets are not part of it',
      'a.csv:4:1+17 the contact `BOB@example.org` is named twice | the first is on line 2; case is ignored',
      'a.csv:5:29+1 this row has 4 fields, and there are 3 columns | put a field that holds a separator in quotes',
      'a.csv:7:1+1 not valid CSV: a quote is never closed | put a field that contains a quote in quotes, and double the quote inside it',
      'a.csv:8:1+1 not valid CSV: a quote in the middle of a field | put a field that contains a quote in quotes, and double the quote inside it',
      'a.csv:9:1+16 no receiving server for `unknown.test` | add `unknown.test: {}` to the fleet, or `default: {}` for all others',
    ]);
    const lines = csv.replaceAll('\r\n', '\n').split('\n');
    for (const { source, location } of load(text).problems ?? [])
      expect(source?.split('\n')[location.line - 1]).toBe(lines[location.line - 1]);
  });

  it('with a contact of the scenario is reported with the location in the scenario', () => {
    write('a.csv', 'address\nEVE@example.org\n');
    const audience = 'audience:\n  contacts: [eve@example.org]\n  file: a.csv';
    expect(problemsOf(scenario({ audience }))).toEqual([
      'a.csv:2:1+15 the contact `EVE@example.org` is named twice | the first is on t.yaml:6; case is ignored',
    ]);
  });

  it.each([
    [
      'who,status\n',
      'a.csv:1:1+3 the first line must name the columns, and none of them is known as the address | name it: `columns: { address: ... }`; columns: `who`, `status`; separators are comma, semicolon and tab',
    ],
    [
      'address,statuss\nb@example.org,x\n',
      'a.csv:1:9+7 the column `statuss` is almost `status` | correct it; if it is a merge field, list those that are: `columns: { fields: [...] }`',
    ],
    ['address,address\n', 'a.csv:1:9+7 the column `address` appears twice | remove one of them'],
    [
      'address\n"bob@example.org\n',
      'a.csv:2:1+1 not valid CSV: a quote is never closed | put a field that contains a quote in quotes, and double the quote inside it',
    ],
    [
      '',
      '3:19+5 the audience file `a.csv`: the file is empty | its first line names the columns, such as `address,status`',
    ],
    [
      '\n\n',
      '3:19+5 the audience file `a.csv`: the file is empty | its first line names the columns, such as `address,status`',
    ],
  ])('that contains %j is refused', (csv, expected) => {
    expect(fromCsv(csv)).toEqual([expected]);
  });

  it('that is binary, a folder or missing is reported at its name in the scenario', () => {
    expect(fromCsv(new Uint8Array([0]))).toEqual([
      '3:19+5 the audience file `a.csv`: the file is binary: it holds NUL bytes | save it as text in UTF-8',
    ]);
    const named = (file: string) => problemsOf(scenario({ audience: `audience: { file: ${file} }` }));
    expect(named('none.csv')).toEqual([
      '5:19+8 the audience file `none.csv`: there is no such file | the path is relative to the scenario',
    ]);
    expect(named('.')).toEqual([
      '5:19+1 the audience file `.`: this is a folder, not a file | the path is relative to the scenario',
    ]);
  });

  it('without contacts leaves the audience empty', () => {
    expect(fromCsv('address\n')).toEqual([
      '3:1+8 the audience is empty, and no event adds a contact | write `contacts: [bob@example.org]`',
    ]);
  });
});

describe('with `onBadLine: skip`', () => {
  const audience = 'audience: { contacts: [bob@example.org], file: skip.csv, onBadLine: skip }';

  it('each bad line is reported with its location, and the others are read', () => {
    write('skip.csv', 'address,status\nzoe@example.org,\nnobody,active\nBOB@example.org,error\n');
    const { plan, warnings } = load(scenario({ audience }));
    expect(plan?.contacts.map(({ address }) => address)).toEqual(['bob@example.org', 'zoe@example.org']);
    expect(warnings?.map(lineOf)).toEqual([
      'skip.csv:3:1+6 `address` must be an address such as bob@example.org, not `nobody` | spaces and angle brackets are not part of it',
      'skip.csv:4:1+15 the contact `BOB@example.org` is named twice | the first is on t.yaml:5; case is ignored',
    ]);
  });

  it('an unclosed quote makes only its own line bad', () => {
    const lines = ['address', 'ann@example.org', '"ben@example.org', 'cat@example.org', '"dan@example.org"'];
    write('skip.csv', [...lines, 'eve"@example.org', 'fay@example.org', '"gus@example.org'].join('\n'));
    const { plan, warnings } = load(scenario({ audience }));
    const names = plan?.contacts.map(({ address }) => address.split('@')[0]);
    expect(names).toEqual(['bob', 'ann', 'cat', 'dan', 'fay']);
    const open = 'not valid CSV: a quote is never closed';
    const hint = 'put a field that contains a quote in quotes, and double the quote inside it';
    expect(warnings?.map(lineOf)).toEqual([
      `skip.csv:3:1+1 ${open} | ${hint}`,
      `skip.csv:6:1+1 not valid CSV: a quote in the middle of a field | ${hint}`,
      `skip.csv:8:1+1 ${open} | ${hint}`,
    ]);
  });

  it('a file with a broken header line is refused, with that problem alone', () => {
    write('skip.csv', '"address\nzoe@example.org\n');
    expect(load(scenario({ audience })).problems?.map(lineOf)).toEqual([
      'skip.csv:1:1+1 not valid CSV: a quote is never closed | put a field that contains a quote in quotes, and double the quote inside it',
    ]);
  });

  it('a file without the column `address` is refused', () => {
    write('skip.csv', 'adress\nzoe@example.org\n');
    expect(load(scenario({ audience })).problems).toHaveLength(1);
  });

  it('and no file, the key is refused', () => {
    const lone = 'audience: { contacts: [bob@example.org, eve@yahoo.com], onBadLine: skip }';
    expect(problemsOf(scenario({ audience: lone }))).toEqual([
      '5:57+9 `onBadLine` applies to the lines of `file`, and there is no `file` | remove it, or name a `file`',
    ]);
  });
});
