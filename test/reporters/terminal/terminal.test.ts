import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/reporters/terminal/layout.js';
import type { RunStart } from '../../../src/reporters/reporter.js';
import { TerminalReporter, type RealTime } from '../../../src/reporters/terminal/terminal.js';
import type { Failure, LostGroup, RunResult, ScenarioResult } from '../../../src/results/result.js';
import { packed } from '../hostile.js';
import { ended, failure, runOf, scenario, screen, SOURCE } from '../samples.js';

const START: RunStart = { total: 2, workers: 2, seed: null, reportDir: 'reports/20261123-094512-ab12cd' };

/** A real clock that a test advances. */
function fakeTime(): RealTime & { pass(ms: number): void; running(): number } {
  let now = 0;
  const timers = new Set<{ fn: () => void; every: number; next: number }>();
  return {
    now: () => now,
    every(fn, ms) {
      const timer = { fn, every: ms, next: now + ms };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].filter((timer) => timer.next <= end).sort((a, b) => a.next - b.next)[0];
        if (!next) break;
        now = next.next;
        next.next += next.every;
        next.fn();
      }
      now = end;
    },
    running: () => timers.size,
  };
}

function report(
  scenarios: ScenarioResult[],
  options: { width?: number; color?: boolean; run?: Partial<RunResult> } = {},
) {
  const out = screen({ width: options.width ?? 100, color: options.color ?? false });
  const reporter = new TerminalReporter(out, fakeTime());
  reporter.onRunStart({ ...START, total: scenarios.length });
  for (const one of scenarios) {
    reporter.onScenarioStart({ file: one.file, name: one.name });
    reporter.onScenarioEnd(ended(one));
  }
  reporter.onRunEnd(runOf(scenarios, options.run));
  return out;
}

const failed = scenario({
  status: 'failed',
  failures: [failure({ details: ['bob@yahoo.com: queued'], hint: 'look' })],
});

describe('contacts lost to a cause that is not theirs', () => {
  const group = (contacts: number, domain: string): LostGroup => ({
    mailing: 'november',
    domain,
    cause: 'ip-blocklisted',
    why: 'hard-bounce',
    contacts,
    stage: 'connect',
    said: '554 5.7.1 No \u001b[31mservice',
  });
  const losing = (groups: LostGroup[], expected = false): ScenarioResult => {
    const notTheirs = groups.reduce((sum, { contacts }) => sum + contacts, 0);
    return scenario({ lost: { total: notTheirs + 1, notTheirs, causes: {}, expected, groups } });
  };

  it('are listed before the summary, the largest group first, with the reply of the server', () => {
    const lines = report([losing([group(3, 'a.example')]), losing([group(1200, 'b.example')])]).lines();
    const at = lines.indexOf('1,203 contacts lost to a cause that is not theirs');
    expect(lines[at - 1]).toBe('');
    expect(lines[at + 1]).toMatch(
      /^ {2}1,200 contacts at b\.example: ip-blocklisted by "554 5\.7\.1 No \\x1b\[31mservice" at connect/,
    );
    expect(lines.slice(at).join('\n')).toMatch(/3 contacts at a\.example[^]*\n\n2 passed, 0 failed/);
  });

  it('are listed with the start of a long reply, cut between characters', () => {
    const said = `554 ${'📮'.repeat(60)}`;
    const lines = report([losing([{ ...group(3, 'a.example'), said }])], { width: 120 }).lines();
    const [, shown] = /by"554([^"]*)"/.exec(packed(lines.join('')))!;
    expect(shown).toBe(`${'📮'.repeat(37)}…`);
  });

  it('are listed in at most five groups, and the others are counted', () => {
    const groups = [9, 8, 7, 6, 5, 4, 3].map((contacts) => group(contacts, `d${contacts}.example`));
    const text = report([losing(groups)])
      .lines()
      .join('\n');
    expect(text.match(/contacts at/g)).toHaveLength(5);
    expect(text).toContain('and 7 more: run.json has them');
  });

  it('appear only in the line of a scenario that expects them', () => {
    const lines = report([losing([group(3, 'a.example')], true)], { width: 140 }).lines();
    expect(lines.filter((line) => line.includes('lost'))).toEqual([
      expect.stringContaining('1 hard · 3 lost, not theirs'),
    ]);
  });

  it.each([40, 80, 120])('fit into %i columns', (width) => {
    const lines = report([losing([group(1200, 'a-long-domain-of-somebody.example')])], { width }).lines();
    const from = lines.findIndex((line) => line.startsWith('1,200 contacts lost'));
    for (const line of lines.slice(from, lines.indexOf('', from))) {
      expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
    expect(from).toBeGreaterThan(0);
  });
});

describe('deliveries in progress over time', () => {
  const HOUR = 3_600_000;
  const going = (inProgress: ScenarioResult['inProgress']): ScenarioResult =>
    scenario({ ...failed, ...(inProgress ? { inProgress } : {}) });
  const falling = { t: [0, 6 * HOUR, 12 * HOUR, 30 * HOUR], deliveries: [1200, 600, 150, 0] };
  const lineOf = (lines: string[]): string => lines.find((line) => line.includes('in progress |'))!;

  it('are one line below the heading of a failure, with time span and highest number', () => {
    const lines = report([going(falling)]).lines();
    const at = lines.findIndex((line) => line.startsWith('✗ 1) '));
    expect(lines[at + 1]).toMatch(/^ {3}in progress \|█+▄+▁+\| 0s to 30h00m, at most 1,200$/);
    expect(lines[at + 2]).toBe('');
    const [, full, half, little] = /\|(█+)(▄+)(▁+)\|/.exec(lines[at + 1]!)!;
    expect(half!.length).toBeGreaterThan(full!.length - 3);
    expect(little!.length).toBeGreaterThan(full!.length + half!.length);
  });

  it('are the same without color', () => {
    const colored = lineOf(report([going(falling)], { color: true }).lines());
    expect(colored).toContain('\u001b[2m');
    // eslint-disable-next-line no-control-regex -- colors are control sequences
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(lineOf(report([going(falling)]).lines()));
  });

  it.each([60, 80, 120, 200])('fit into %i columns', (width) => {
    const line = lineOf(report([going(falling)], { width }).lines());
    expect(displayWidth(line)).toBeLessThanOrEqual(width);
    expect(line).toContain('at most 1,200');
    expect(/\|(.*)\|/.exec(line)![1]!.length).toBeGreaterThanOrEqual(12);
  });

  it('lose their text in a narrow window, and are omitted in a very narrow one', () => {
    expect(lineOf(report([going(falling)], { width: 40 }).lines())).toMatch(/^ {3}in progress \|.{23}\|$/);
    expect(lineOf(report([going(falling)], { width: 26 }).lines())).toBeUndefined();
  });

  it('are omitted when no delivery took time, and for a scenario that passed', () => {
    expect(lineOf(report([going(undefined)]).lines())).toBeUndefined();
    expect(lineOf(report([going({ t: [], deliveries: [] })]).lines())).toBeUndefined();
    expect(lineOf(report([going({ t: [5, 5], deliveries: [3, 0] })]).lines())).toBeUndefined();
    expect(lineOf(report([scenario({ inProgress: falling })]).lines())).toBeUndefined();
  });
});

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
      '0 passed, 0 failed\n1 invalid, 1 inconclusive, 1 with an error of the harness, 2 not run\n',
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
