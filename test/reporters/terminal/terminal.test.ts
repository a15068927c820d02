// The terminal reporter: lines of scenarios, failures, the summary, and the live line.

import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/reporters/terminal/layout.js';
import { TerminalReporter } from '../../../src/reporters/terminal/terminal.js';
import type { Failure } from '../../../src/results/result.js';
import { ended, failure, runOf, scenario, screen, SOURCE } from '../samples.js';
import { START, failed, fakeTime, report } from './report.js';

describe('terminal reporter', () => {
  it('writes one line per scenario: mark, folder, name, counts, real time', () => {
    expect(report([scenario()]).lines()).toContainEqual(
      expect.stringMatching(
        /^✓ outages › Yahoo is down for six hours +1,000 delivered · 3 soft · 1 hard {2}412 ms$/,
      ),
    );
  });

  it('ends with a line for tools, virtual and real time, and the path of the report', () => {
    const lines = report([scenario(), scenario({ file: 'a.yaml' })]).lines();
    expect(lines.slice(-4)).toEqual([
      '2 passed, 0 failed',
      '60h virtual time in 1.8 s',
      'report: reports/20261123-094512-ab12cd',
      '',
    ]);
  });

  it('shows a failure in full: place, code frame with the found value, details, hint, command', () => {
    const text = report([failed]).text();
    expect(text).toContain('✗ 1) outages › Yahoo is down for six hours');
    expect(text).toContain('scenarios/outages/yahoo.yaml:3:17');
    expect(text).toMatch(/> 3 \| {5}november: \{ delivered: 1000 \}\n.* \^ expected 1000, found 999/);
    expect(text).toContain('bob@yahoo.com: queued');
    expect(text).toContain('hint: look');
    expect(text).toContain('repeat with: bouncelab run scenarios/outages/yahoo.yaml --seed 42');
    expect(text).toContain('0 passed, 1 failed');
  });

  it('names the most serious kind of failure in the line of a scenario', () => {
    const remark = (...failures: Partial<Failure>[]): string =>
      report([scenario({ status: 'failed', failures: failures.map(failure) })], { width: 120 }).text();
    expect(remark({}, {})).toContain('2 expectations not met');
    expect(remark({}, { invariant: 'exact-grid' }, {})).toContain('1 invariant broken');
    expect(remark({}, { invariant: 'determinism' })).toContain('two runs differ');
    expect(remark({ expected: '', actual: '' }, { invariant: 'exact-grid' })).toContain('sender at fault');
  });

  it('shows failures in the order of their files, not of their ends', () => {
    const b = scenario({
      file: 'b.yaml',
      name: 'B',
      status: 'failed',
      failures: [failure({ file: 'b.yaml' })],
    });
    const a = scenario({
      file: 'a.yaml',
      name: 'A',
      status: 'failed',
      failures: [failure({ file: 'a.yaml' })],
    });
    const text = report([b, a]).text();
    expect(text.indexOf('1) A')).toBeGreaterThan(0);
    expect(text.indexOf('2) B')).toBeGreaterThan(text.indexOf('1) A'));
  });

  it('uses the file of a failure for its code frame', () => {
    const invalid = scenario({
      status: 'invalid',
      failures: [failure({ file: 'p.yaml', line: 1, column: 1, expected: '', actual: '' })],
    });
    const out = screen();
    const reporter = new TerminalReporter(out, fakeTime());
    reporter.onRunStart(START);
    reporter.onScenarioEnd({
      ...ended(invalid),
      sources: new Map([
        ['p.yaml', 'retry: 4 times'],
        [invalid.file, SOURCE],
      ]),
    });
    reporter.onRunEnd(runOf([invalid]));
    expect(out.text()).toContain('> 1 | retry: 4 times');
    expect(out.text()).not.toContain('expected ,');
  });

  it('counts scenarios with other results, and those that did not run', () => {
    const statuses = ['invalid', 'inconclusive', 'error'] as const;
    const results = statuses.map((status) =>
      scenario({ status, file: `${status}.yaml`, failures: [failure()] }),
    );
    const out = screen();
    const reporter = new TerminalReporter(out, fakeTime());
    reporter.onRunStart({ ...START, total: 5 });
    for (const one of results) reporter.onScenarioEnd(ended(one));
    reporter.onRunEnd(runOf(results));
    expect(out.text()).toContain(
      '0 passed, 0 failed\n1 invalid, 1 inconclusive, 1 with an internal error, 2 not run\n',
    );
    expect(out.text()).toMatch(/^! .*invalid: 1 problem$/m);
  });

  it('marks an interrupted run as partial', () => {
    const out = screen();
    const reporter = new TerminalReporter(out, fakeTime());
    reporter.onRunStart({ ...START, total: 7 });
    reporter.onScenarioEnd(ended(scenario()));
    const unfinished = Array.from({ length: 10 }, (_, n) => ({ file: `${n}.yaml`, name: `Cut ${n}` }));
    reporter.onRunEnd(runOf([scenario()], { interrupted: true, unfinished }));
    expect(out.text()).toContain('interrupted: 1 of 7 ran, the report is partial\n  not finished: Cut 0\n');
    expect(out.text()).toContain('  not finished: Cut 7\n  and 2 more\n');
    expect(out.text()).not.toContain('not run');
  });

  it('counts details beyond the first twenty', () => {
    const details = Array.from({ length: 25 }, (_, index) => `contact ${index}`);
    const text = report([scenario({ status: 'failed', failures: [failure({ details })] })]).text();
    expect(text).toContain('contact 19');
    expect(text).not.toContain('contact 20');
    expect(text).toContain('… and 5 more, see run.json');
  });

  it.each([40, 60, 80, 120])('fits a window of %i columns', (width) => {
    const wordy = scenario({
      name: 'A name that goes on and on, much longer than anybody would want to read on a small screen',
      status: 'failed',
      failures: [
        failure({ message: 'a message that needs several lines on a narrow screen, and says so at length' }),
      ],
    });
    const lines = report([scenario(), wordy], { width }).lines();
    const wide = lines.filter((line) => displayWidth(line) > width);
    // Commands and paths stay whole, so that they can be copied.
    expect(wide.filter((line) => !line.includes('repeat with:') && !line.includes('yahoo.yaml:'))).toEqual(
      [],
    );
    expect(lines.join(' ')).toContain('expected 1000, found 999');
    expect(lines.some((line) => /^✗ .*…/.test(line))).toBe(true);
  });

  it('writes the found value below the frame when it does not fit beside the caret', () => {
    const narrow = report(
      [scenario({ status: 'failed', failures: [failure({ actual: 'nothing of the kind, but 12' })] })],
      { width: 40 },
    );
    expect(narrow.text()).toMatch(/\^\n[^^]*\n {3}expected 1000, found nothing of the\n {3}kind, but 12\n/);
  });

  it('writes colors only where they are enabled', () => {
    expect(report([failed], { color: false }).text()).not.toContain('\u001b');
    const colored = report([failed], { color: true }).text();
    expect(colored).toContain('\u001b[31m');
    expect(colored).not.toContain('\u001b[2K');
  });

  it('escapes hostile text', () => {
    const hostile = 'evil\u001b[2J\u202e\n::add-mask::secret\u0007';
    const text = report([
      scenario({
        name: hostile,
        file: `scenarios/${hostile}.yaml`,
        status: 'failed',
        failures: [
          failure({
            file: `scenarios/${hostile}.yaml`,
            message: hostile,
            actual: hostile,
            details: [hostile],
            hint: hostile,
          }),
        ],
      }),
    ]).text();
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(text).toContain('\\x1b[2J\\u202e');
    for (const line of text.split('\n')) expect(line.trimStart().startsWith('::')).toBe(false);
  });

  it('escapes hostile text of a scenario file in its code frame', () => {
    const source = 'name: x\ntext: "\u001b[31m\u202e" # 1000\n';
    const out = screen();
    const reporter = new TerminalReporter(out, fakeTime());
    const result = scenario({ status: 'failed', failures: [failure({ line: 2, column: 18 })] });
    reporter.onRunStart(START);
    reporter.onScenarioEnd(ended(result, source));
    reporter.onRunEnd(runOf([result]));
    const lines = out.lines();
    const marked = lines.findIndex((line) => line.includes('> 2 |'));
    expect(lines[marked]).toContain('text: "\\x1b[31m\\u202e" # 1000');
    expect(lines[marked + 1]!.indexOf('^')).toBe(lines[marked]!.indexOf('1000'));
  });
});

describe('progress', () => {
  const progress = { file: 'a.yaml', name: 'Slow one', wallMs: 700, virtualMs: 64_800_000, attempts: 1200 };

  function running(isTTY: boolean) {
    const time = fakeTime();
    const out = screen({ isTTY, width: 60 });
    const reporter = new TerminalReporter(out, time);
    reporter.onRunStart(START);
    reporter.onScenarioStart({ file: 'a.yaml', name: 'Slow one' });
    reporter.onProgress(progress);
    return { time, out, reporter };
  }

  it('is a live line on a terminal after half a second, erased before any other line', () => {
    const { time, out, reporter } = running(true);
    time.pass(450);
    expect(out.text()).not.toContain('\r');
    time.pass(100);
    expect(out.text()).toContain('0 of 2 · Slow one: 18h, 1,200 attempts');
    reporter.onScenarioEnd(ended(scenario({ file: 'a.yaml', name: 'Slow one' })));
    expect(out.text()).toMatch(/attempts\r\p{Cc}\[2K✓ Slow one/u);
    time.pass(100);
    reporter.onRunEnd(runOf([scenario()]));
    expect(out.text().split('\r\u001b[2K').at(-1)).toMatch(/^\n1 passed, 0 failed/);
    expect(time.running()).toBe(0);
  });

  it('is always shorter than the window', () => {
    const { time, out, reporter } = running(true);
    reporter.onScenarioStart({ file: 'b.yaml', name: 'x'.repeat(200) });
    reporter.onScenarioEnd(ended(scenario({ file: 'a.yaml' })));
    time.pass(600);
    const live = out.text().split('\u001b[2K').at(-1)!;
    expect(live).toContain('…');
    expect(displayWidth(live)).toBeLessThan(60);
  });

  it('is one plain line for ten seconds without output where there is no terminal', () => {
    const { time, out, reporter } = running(false);
    time.pass(9_500);
    expect(out.text()).not.toContain('…');
    time.pass(21_000);
    expect(out.text().match(/^… 0 of 2 · Slow one: 18h, 1,200 attempts$/gm)).toHaveLength(3);
    reporter.onScenarioEnd(ended(scenario({ file: 'a.yaml' })));
    time.pass(9_000);
    expect(out.text().match(/^… /gm)).toHaveLength(3);
    expect(out.text()).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
