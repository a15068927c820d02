// `--sender` over scenarios that were written for the built-in sender: those that an external one cannot play are
// skipped with the reason, in every report, and are no failure.

import { describe, expect, test } from 'vitest';
import { readXml } from '../../reporters/strict-xml.js';
import { moduleText, SCENARIO, workplace } from './external-module.js';

const GOOD = moduleText(
  'return { send: async ({ name, contacts }) => { for (const { address } of contacts) await mail(name, address); } };',
);
const named = (name: string): string => SCENARIO.replace('one contact', name);
const CRASH = `${named('crashes')}events: [{ at: 1h, crash: sender, restart: 1m }]\n`;
const AUTOMATED = named('automated').replace(
  '{ name: november }',
  '{ name: november, kind: automated, every: 1d, count: 2 }',
);
const STORED = named('stored').replace('fleet:', 'store: sqlite\nfleet:');

const WHY_CRASH = 'the scenario has a `crash` event, and the sender `mine.js` cannot be restarted on a store';
const WHY_AUTOMATED =
  'the scenario has an automated mailing, and the sender `mine.js` can send only standard mailings';
const WHY_STORED = '`store` keeps the state of the built-in sender, and `mine.js` keeps its own';

function suite(more: Record<string, string> = {}) {
  return workplace().write({
    'package.json': '{ "type": "module" }',
    'mine.js': GOOD,
    'scenarios/a.yaml': SCENARIO,
    'scenarios/b.yaml': CRASH,
    'scenarios/c.yaml': AUTOMATED,
    'scenarios/d.yaml': STORED,
    ...more,
  });
}

const WITH_SENDER = ['--sender', 'mine.js', '--workers', '1'];

describe('a run with --sender', () => {
  test('skips what the sender cannot play, and passes', async () => {
    const place = suite();
    const ran = await place.run(['run', ...WITH_SENDER]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('1 passed, 0 failed\n');
    for (const why of [WHY_CRASH, WHY_AUTOMATED, WHY_STORED])
      expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain(`1 skipped: ${why}`);
    expect(ran.stdout).not.toContain('repeat with');
    const { scenarios, ...run } = place.lastRun();
    expect(run).toMatchObject({ passed: 1, failed: 0, errors: 0, skipped: 3 });
    expect(scenarios).toMatchObject([
      { name: 'one contact', status: 'passed' },
      { name: 'crashes', status: 'skipped', reason: WHY_CRASH, fingerprint: '', failures: [] },
      { name: 'automated', status: 'skipped', reason: WHY_AUTOMATED },
      { name: 'stored', status: 'skipped', reason: WHY_STORED },
    ]);
    expect('reason' in scenarios[0]!).toBe(false);
  });

  test('reports them in JUnit, in Markdown, to GitHub and on the page', async () => {
    const place = suite();
    const ran = await place.run(['run', ...WITH_SENDER, '--reporter', 'markdown']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('### ✓ Bouncelab: 1 passed, 3 skipped');
    expect(ran.stdout).toContain('| - skipped | `crashes` |');
    expect(ran.stdout).toContain(`- 1 skipped: \`\`${WHY_CRASH}\`\``);
    const github = await place.run(['run', ...WITH_SENDER, '--reporter', 'github']);
    expect(github.stdout).toContain(`::notice file=scenarios/b.yaml,title=crashes::skipped: ${WHY_CRASH}`);
    const xml = place.read('reports', 'latest', 'junit.xml');
    const [suiteElement] = readXml(xml).children;
    expect(suiteElement!.attributes).toMatchObject({ tests: '4', failures: '0', errors: '0', skipped: '3' });
    expect(xml).toContain(`<skipped message="${WHY_CRASH}"/>`);
    expect(place.read('reports', 'latest', 'index.html')).toContain(JSON.stringify(WHY_CRASH).slice(1, -1));
  });

  test('ends with 5 where nothing was judged', async () => {
    const place = suite();
    const ran = await place.run(['run', 'scenarios/b.yaml', 'scenarios/c.yaml', ...WITH_SENDER]);
    expect(ran.code).toBe(5);
    expect(ran.stdout).toContain('no scenario was judged');
    const markdown = await place.run(['run', 'scenarios/b.yaml', ...WITH_SENDER, '--reporter', 'markdown']);
    expect(markdown.stdout).toContain('### ! Bouncelab: 0 passed, 1 skipped');
  });

  test('goes on after them with --bail, and repeats none of them with --last-failed', async () => {
    const place = suite({ 'scenarios/z.yaml': SCENARIO.replace('delivered: 1', 'delivered: 7') });
    const ran = await place.run(['run', ...WITH_SENDER, '--bail']);
    expect(ran.code).toBe(1);
    expect(place.lastRun().scenarios.map(({ status }) => status)).toEqual([
      'passed',
      'skipped',
      'skipped',
      'skipped',
      'failed',
    ]);
    await place.run(['run', ...WITH_SENDER, '--last-failed']);
    expect(place.lastRun().scenarios.map(({ file }) => file)).toEqual(['scenarios/z.yaml']);
  });

  test('leaves them out of a baseline', async () => {
    const place = suite();
    const argv = ['run', ...WITH_SENDER, '--baseline', 'baseline.yaml'];
    expect((await place.run(argv)).stdout).toContain('baseline.yaml written, 1 scenario');
    const again = await place.run(argv);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('no difference');
  });

  test('does not skip one that has problems of its own', async () => {
    const place = suite({ 'scenarios/e.yaml': `${CRASH}oops: 1\n` });
    const ran = await place.run(['run', 'scenarios/e.yaml', ...WITH_SENDER]);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('oops');
  });

  test('is refused with a store', async () => {
    const ran = await suite().run(['run', ...WITH_SENDER, '--store', 'sqlite']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('--store keeps the state of the built-in sender');
  });
});

describe('other commands with --sender', () => {
  const POLICIES = ['--policy', 'emma', '--policy', 'four-attempts'];

  test('compare leaves them out, and says so', async () => {
    const place = suite();
    const ran = await place.run(['compare', ...POLICIES, ...WITH_SENDER, '--json']);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      scenarios: [{ name: 'one contact', figures: [{ delivered: 1 }, { delivered: 1 }] }],
      skipped: [{ file: 'scenarios/b.yaml', name: 'crashes', reason: WHY_CRASH }, {}, {}],
      troubles: [],
    });
    const text = await place.run(['compare', ...POLICIES, ...WITH_SENDER]);
    expect(text.stdout.replaceAll(/\s+/g, ' ')).toContain(`1 skipped: ${WHY_CRASH}`);
    const none = await place.run(['compare', 'scenarios/b.yaml', ...POLICIES, ...WITH_SENDER]);
    expect(none.code).toBe(5);
  });

  test('explain plays one in a process of its own', async () => {
    const place = suite();
    const ran = await place.run(['explain', 'scenarios/a.yaml', 'bob@example.org', '--sender', 'mine.js']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('delivered');
    const skipped = await place.run([
      'explain',
      'scenarios/b.yaml',
      'bob@example.org',
      '--sender',
      'mine.js',
    ]);
    expect(skipped.code).toBe(3);
    expect(skipped.stderr.replaceAll(/\s+/g, ' ')).toContain(WHY_CRASH);
  });

  test('explain says that the sender is at fault, and ends with its own exit code', async () => {
    const place = suite({ 'mine.js': moduleText('return { send() { process.exit(0); } };') });
    const ran = await place.run(['explain', 'scenarios/a.yaml', 'bob@example.org', '--sender', 'mine.js']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('the sender mine.js is at fault: it tried process.exit');
  });
});
