// Cause rules in a policy or in a file that it names, and the problems of wrong ones.

import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/policy/policy-file.js';
import { lineOf, planOf, problemsOf, scenario, scratch, write } from '../scenarios/load-scratch.js';

const inline = (causes: string) => scenario({ more: `policy:\n  causes: ${causes}` });

describe('the rules of a policy', () => {
  it('come from a file beside it', () => {
    write(
      'mine.yaml',
      'causes:\n  - { cause: policy, text: [go away], why: heard }\n  - { cause: other, code: 4xx }\n',
    );
    const rules = [
      { cause: 'policy', text: ['go away'] },
      { cause: 'other', code: ['4xx'] },
    ];
    expect(planOf(inline('./mine.yaml')).policy.causes).toEqual(rules);
    write('p.yaml', 'causes: mine.yaml\n');
    expect(loadPolicy('./p.yaml', scratch, '/')).toMatchObject({ policy: { name: 'p', causes: rules } });
  });

  it('name a file that exists', () => {
    expect(problemsOf(inline('./gone.yaml'))).toEqual([
      '12:11+11 there is no file of causes `./gone.yaml` | the path is relative to the file that names it',
    ]);
  });

  it('have their problems shown in their own file', () => {
    write('wrong.yaml', 'causes:\n  - { cause: polcy, text: "(a" }\n  - { cause: policy }\n');
    const found = problemsOf(inline('./wrong.yaml'));
    expect(found).toHaveLength(3);
    expect(found[0]).toMatch(/^wrong\.yaml:2:14\+5 `cause` must be one of .*did you mean `policy`\?$/);
    expect(found[1]).toMatch(/^wrong\.yaml:2:27\+4 this pattern cannot be used: missing closing \)/);
    expect(found[2]).toMatch(
      /^wrong\.yaml:3:5\+\d+ this rule has no condition, so that it matches no reply \| add at least/,
    );
    write('p.yaml', 'causes: ./wrong.yaml\n');
    const result = loadPolicy('./p.yaml', scratch, scratch);
    expect(result && 'problems' in result ? result.problems.map(lineOf) : []).toEqual(found);
    expect(result && 'problems' in result && result.problems[0]?.source).toContain('polcy');
  });

  it.each([
    [
      '7',
      '`causes` must be a list of at most 1000 rules, or the path of a file that has one under `causes:`, not `7`',
    ],
    ['[{ cause: policy, code: 250 }]', '`code` must be a reply code from 400 to 599'],
    ['[{ cause: policy, enhanced: 2.0.0 }]', '`enhanced` must be an enhanced status code'],
    ['[{ cause: policy, text: "a(?=b)" }]', 'this pattern cannot be used'],
    ['[{ cause: policy, text: "(a)\\\\1" }]', 'this pattern cannot be used'],
    ['[{ cause: policy, host: "a b" }]', '`host` must be a name such as mx.example.org'],
    ['[{ cause: network, code: 5xx }]', '`cause` must be one of'],
    ['[{ cause: policy, texts: x }]', 'unknown key `texts` | did you mean `text`?'],
  ])('may not be %s', (written, message) => {
    expect(problemsOf(inline(written)).join('\n')).toContain(message);
  });
});
