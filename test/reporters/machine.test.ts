// Reporters for programs (JSON, JUnit XML, GitHub annotations), and the choice of reporters.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BouncelabError } from '../../src/base/errors.js';
import { githubReporter } from '../../src/reporters/github.js';
import { createReporters, parseReporters } from '../../src/reporters/index.js';
import { textBlocks } from '../../src/base/text-blocks.js';
import { compactRunJson, jsonReporter, runJson } from '../../src/reporters/json.js';
import { junitXml } from '../../src/reporters/junit.js';
import { failure, runOf, scenario, screen, xmlOf } from './samples.js';
import { readXml } from './strict-xml.js';

describe('json reporter', () => {
  it('writes the result of the run and nothing else', async () => {
    let text = '';
    const run = runOf([scenario()]);
    await jsonReporter((part) => (text += part)).onRunEnd?.(run);
    expect(JSON.parse(text)).toEqual(run);
  });
});

describe('a run of many scenarios', () => {
  const COUNT = 3000;
  const files = Array.from({ length: COUNT }, (_, nth) => `scenarios/folder-${nth % 7}/s-${nth}.yaml`);
  const run = runOf(files.map((file) => scenario({ file, failures: [failure()], status: 'failed' })));

  it.each([
    ['run.json', runJson],
    ['the data of the page', compactRunJson],
    ['junit.xml', junitXml],
  ])('is written to %s in parts, of which none grows with their number', (_, partsOf) => {
    const sizes = Array.from(partsOf(run), ({ length }) => length);
    expect(sizes.length).toBeGreaterThanOrEqual(COUNT);
    expect(Math.max(...sizes)).toBeLessThan(10_000);
  });

  it('is the JSON of its result, in lines and on one line', () => {
    expect([...runJson(run)].join('')).toBe(`${JSON.stringify(run, null, 2)}\n`);
    expect([...compactRunJson(run)].join('')).toBe(JSON.stringify(run));
    expect([...textBlocks(runJson(run))].length).toBeLessThan(COUNT / 10);
    expect([...textBlocks(runJson(run))].join('')).toBe(`${JSON.stringify(run, null, 2)}\n`);
  });

  it('has each scenario in junit.xml once', () => {
    const cases = readXml(xmlOf(run)).children.flatMap(({ children }) => children);
    expect(cases.map(({ attributes }) => attributes.file).toSorted()).toEqual(files.toSorted());
  });
});

describe('JUnit', () => {
  it('has one suite per folder and one case per scenario, with totals', () => {
    const root = readXml(
      xmlOf(
        runOf([
          scenario({ file: 'scenarios/a/one.yaml' }),
          scenario({ file: 'scenarios/a/two.yaml', status: 'failed', failures: [failure(), failure()] }),
          scenario({
            file: 'three.yaml',
            status: 'inconclusive',
            failures: [failure({ expected: '', actual: '' })],
          }),
          scenario({ file: 'four.yaml', status: 'invalid', failures: [failure({ hint: 'try this' })] }),
        ]),
      ),
    );
    expect(root.name).toBe('testsuites');
    expect(root.attributes).toMatchObject({ tests: '4', failures: '1', errors: '2', time: '1.648' });
    expect(root.children.map(({ attributes }) => attributes.name)).toEqual(['scenarios/a', '.']);
    const [folder, top] = root.children;
    expect(folder!.attributes).toMatchObject({ tests: '2', failures: '1', errors: '0', skipped: '0' });
    const [passed, failed] = folder!.children;
    expect(passed!.attributes).toMatchObject({
      file: 'scenarios/a/one.yaml',
      time: '0.412',
      classname: 'scenarios/a',
    });
    expect(passed!.children.map(({ name }) => name)).toEqual(['properties']);
    const [, problem] = failed!.children;
    expect(problem!.name).toBe('failure');
    expect(problem!.attributes.message).toBe('november: delivered is not what was expected (and 1 more)');
    expect(problem!.text).toContain('scenarios/outages/yahoo.yaml:3:17\nexpected 1000, found 999');
    const [inconclusive, invalid] = top!.children.map(({ children }) => children[1]!);
    expect([inconclusive!.name, inconclusive!.attributes.type]).toEqual(['error', 'inconclusive']);
    expect(inconclusive!.text).not.toContain('found');
    expect(invalid!.text).toContain('hint: try this');
  });

  it('has the warnings of a case as its output, whether it passed or failed', () => {
    const warnings = [{ file: 'a.yaml', line: 9, column: 15, message: '`busy` never acted' }];
    const failed = scenario({ status: 'failed', failures: [failure()], warnings });
    const cases = readXml(xmlOf(runOf([scenario({ warnings }), failed]))).children[0]!.children;
    expect(cases.map(({ children }) => children.map(({ name }) => name))).toEqual([
      ['properties', 'system-out'],
      ['properties', 'failure', 'system-out'],
    ]);
    expect(cases[0]!.children[1]!.text).toBe('warning: a.yaml:9:15\n`busy` never acted');
  });

  it('marks a partial report', () => {
    const root = readXml(xmlOf(runOf([scenario()], { interrupted: true })));
    const [property] = root.children[0]!.children[0]!.children;
    expect(property!.attributes).toEqual({ name: 'interrupted', value: 'true' });
  });

  it('is an empty report when no scenario ran', () => {
    expect(readXml(xmlOf(runOf([], { interrupted: true }))).attributes.tests).toBe('0');
  });

  it('stays well-formed with hostile names and replies', () => {
    const hostile = '<b> & "q" \' ]]> \u0000\u001b[31m\u202e\ufffe\ud800 \r\nnext --> <![CDATA[';
    const root = readXml(
      xmlOf(
        runOf([
          scenario({
            name: hostile,
            file: `sc<e>narios/${hostile}.yaml`,
            seed: hostile,
            policy: hostile,
            status: 'failed',
            failures: [failure({ message: hostile, expected: hostile, details: [hostile], hint: hostile })],
          }),
        ]),
      ),
    );
    const shown = '<b> & "q" \' ]]> \\x00\\x1b[31m\\u202e\\ufffe\\ud800 ';
    const [testCase] = root.children[0]!.children;
    const [, problem] = testCase!.children;
    expect(testCase!.attributes.name).toBe(`${shown}\\nnext --> <![CDATA[`);
    expect(problem!.attributes.message).toBe(`${shown}next --> <![CDATA[`);
    expect(problem!.text).toContain(`${shown}\nnext --> <![CDATA[`);
  });

  it('is well-formed for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, message) => {
        const result = scenario({
          name,
          status: 'failed',
          failures: [failure({ message, details: [name] })],
        });
        expect(readXml(xmlOf(runOf([result]))).children).toHaveLength(1);
      }),
    );
  });
});

describe('GitHub annotations', () => {
  function annotations(...results: ReturnType<typeof scenario>[]): string {
    let text = '';
    void githubReporter(
      (part) => (text += part),
      (file) => `sub/${file}`,
    ).onRunEnd?.(runOf(results));
    return text;
  }

  it('points to the line of each failure, from the root of the repository', () => {
    expect(annotations(scenario(), scenario({ status: 'failed', failures: [failure()] }))).toBe(
      '::error file=sub/scenarios/outages/yahoo.yaml,line=3,col=17,title=Yahoo is down for six hours::' +
        'november: delivered is not what was expected%0Aexpected 1000, found 999\n',
    );
  });

  it('points to the place of each warning', () => {
    const warnings = [{ file: 'a.yaml', line: 9, column: 15, message: '`busy` never acted', hint: 'why' }];
    expect(annotations(scenario({ warnings }))).toBe(
      '::warning file=sub/a.yaml,line=9,col=15,title=Yahoo is down for six hours::`busy` never acted\n',
    );
  });

  it('keeps hostile text inside its command', () => {
    const text = annotations(
      scenario({
        name: 'a,line=1::x\n::stop-commands::y',
        status: 'failed',
        failures: [failure({ message: '100%\r\n::set-output name=x::y', details: ['a\n::error::b'] })],
      }),
    );
    expect(text.trimEnd().split(/[\r\n]/)).toHaveLength(1);
    expect(text).toContain('title=a%2Cline=1%3A%3Ax\\n%3A%3Astop-commands%3A%3Ay::100%25%0A');
  });
});

describe('choosing reporters', () => {
  it('parses names, each once', () => {
    expect(parseReporters('terminal, json,terminal')).toEqual(['terminal', 'json']);
  });

  it('suggests a similar name for an unknown one', () => {
    expect(() => parseReporters('jnuit')).toThrow(
      expect.objectContaining({
        code: 'E_USAGE',
        exitCode: 2,
        hint: expect.stringContaining('junit') as string,
      }),
    );
    expect(() => parseReporters('')).toThrow(BouncelabError);
  });

  it('rejects two that both write to standard output', () => {
    expect(() => parseReporters('json,junit')).toThrow(/both write to standard output/);
  });

  it.each(['json', 'junit'] as const)(
    'moves output for people to standard error when %s writes to standard output',
    async (name) => {
      const stdout = screen();
      const stderr = screen();
      const reporters = createReporters(['terminal', name, 'github'], {
        stdout,
        stderr,
        toRepositoryPath: (file) => file,
      });
      const result = scenario({ status: 'failed', failures: [failure()] });
      for (const reporter of reporters)
        reporter.onRunStart?.({ total: 1, workers: 1, seed: '7', reportDir: 'r' });
      for (const reporter of reporters) await reporter.onRunEnd?.(runOf([result]));
      if (name === 'json') expect(JSON.parse(stdout.text())).toMatchObject({ failed: 1 });
      else expect(stdout.text()).toMatch(/^<\?xml/);
      expect(stderr.text()).toContain('0 passed, 1 failed');
      expect(stderr.text()).toContain('::error file=');
      expect(stderr.text()).toContain('seed 7');
    },
  );
});
