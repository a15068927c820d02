// `run --baseline`: the file is written once, compared with later runs, and updated on request.

import { mkdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { pretend, scenarioText, Workplace } from './harness.js';

let place: Workplace;
const make = (files: Record<string, string>): Workplace => (place = new Workplace().write(files));
afterEach(() => place.remove());

const RUN = ['run', '--no-html', '--baseline', 'base.yaml'];

test('is written, passes, shows each figure that differs, and is updated', async () => {
  make({ 'scenarios/a.yaml': scenarioText('First'), 'scenarios/b.yaml': scenarioText('Second') });
  const recorded = await place.run(RUN);
  expect(recorded.code).toBe(0);
  expect(recorded.stdout).toContain('baseline: base.yaml written, 2 scenarios');
  const text = place.read('base.yaml');
  expect(text).toContain('bouncelab-baseline: 1');
  expect(text).toContain('delivered: 1');
  expect(text).not.toMatch(/wallMs|fingerprint|startedAt: 20/);
  const again = await place.run([...RUN, '--workers', '1']);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('baseline: no difference from base.yaml');
  expect(place.read('base.yaml')).toBe(text);

  const more = scenarioText('First', { delivered: 2 }).replace(
    '[bob@example.org]',
    '[bob@example.org, ann@example.org]',
  );
  place.write({ 'scenarios/a.yaml': more });
  const differs = await place.run(RUN);
  expect(differs.code).toBe(1);
  expect(differs.stdout).toContain('2 passed, 0 failed');
  expect(differs.stdout).toContain('baseline: 1 scenario differs from base.yaml');
  expect(differs.stdout).toContain('First (scenarios/a.yaml)');
  expect(differs.stdout).toContain(
    '  - mailings.november.delivered: 1\n  + mailings.november.delivered: 2\n',
  );
  expect(differs.stdout).not.toContain('Second (');
  expect(place.read('base.yaml')).toBe(text);

  const accepted = await place.run([...RUN, '--update-baseline']);
  expect(accepted.code).toBe(0);
  expect((await place.run(RUN)).code).toBe(0);
});

test('missing and new scenarios differ only when the whole set ran', async () => {
  make({ 'scenarios/a.yaml': scenarioText('First'), 'scenarios/b.yaml': scenarioText('Second') });
  await place.run(RUN);
  place.write({ 'scenarios/c.yaml': scenarioText('Third') });
  const added = await place.run(RUN);
  expect(added.code).toBe(1);
  expect(added.stdout).toContain('+ Third (scenarios/c.yaml): new');
  expect((await place.run([...RUN, '-g', 'First'])).code).toBe(0);
  expect((await place.run([...RUN, 'scenarios/c.yaml'])).code).toBe(0);
  // Updating a part keeps the other scenarios.
  await place.run([...RUN, '-g', 'Third', '--update-baseline']);
  expect((await place.run(RUN)).code).toBe(0);
  place.write({ 'scenarios/c.yaml': 'not a scenario: [' });
  expect((await place.run(RUN)).code).toBe(3);
});

test('differences go to standard error when a program reads standard output', async () => {
  make({ 'scenarios/a.yaml': scenarioText('First') });
  await place.run(RUN);
  const { code, stdout, stderr } = await place.run([...RUN, '--seed', '7', '--reporter', 'json']);
  expect(code).toBe(1);
  expect(() => void JSON.parse(stdout)).not.toThrow();
  expect(stderr).toContain('  + seed: 7');
});

test('is not written by a run that did not end', async () => {
  make({ 'scenarios/a.yaml': scenarioText('First') });
  const { code, stdout } = await place.run(
    RUN,
    pretend(() => 'inconclusive'),
  );
  expect(code).toBe(5);
  expect(stdout).toContain('base.yaml is not written');
  expect(() => place.read('base.yaml')).toThrow();
});

test.each([
  ['bouncelab-baseline: 2\ninputs: []\nscenarios: {}\n', 'of format 2, and this version reads format 1'],
  ['name: something else\n', 'base.yaml:1:1: this is no baseline'],
  ['<<<<<<< HEAD\nbouncelab-baseline: [\n', 'base.yaml:'],
  [
    'bouncelab-baseline: 1\ninputs: []\nscenarios: { a: 3 }\n',
    'base.yaml:3:17: the baseline is damaged: this must be a mapping of results, not `3`',
  ],
  [
    'bouncelab-baseline: 1\ninputs: [a, 7]\nscenarios: {}\n',
    'base.yaml:2:13: the baseline is damaged: this must be the name of a file or folder, not `7`',
  ],
  ['bouncelab-baseline: 1\ninputs: []\nscenarios: &s { a: *s }\n', 'base.yaml:3:20: the alias `*s` is used'],
  ['scenarios: &s { min.yaml: *s }\n', 'base.yaml:1:27: the alias `*s` is used inside its own anchor'],
  ['bouncelab-baseline: 1\nscenarios: { a: {}, a: {} }\n', 'base.yaml:2:21: the key `a` appears twice'],
  ['', 'this is no baseline'],
])('a file that begins %j is refused before anything is played', async (text, message) => {
  make({ 'scenarios/a.yaml': scenarioText('First'), 'base.yaml': text });
  const fake = pretend(() => 'passed');
  const { code, stderr } = await place.run([...RUN, '--update-baseline'], fake);
  expect(code).toBe(3);
  expect(stderr).toContain(message);
  expect(fake.played).toEqual([]);
  expect(place.read('base.yaml')).toBe(text);
});

test('a file of 200,000 entries is read without comparing each with every other', async () => {
  const entries = Array.from({ length: 200_000 }, (_, i) => `  s${i}.yaml: {}\n`).join('');
  make({
    'scenarios/a.yaml': scenarioText('First'),
    'base.yaml': `bouncelab-baseline: 1\ninputs: [scenarios]\nscenarios:\n${entries}`,
  });
  const { code, stdout } = await place.run(
    RUN,
    pretend(() => 'passed'),
  );
  expect(code).toBe(1);
  expect(stdout.includes('baseline: 200,001 scenarios differ from base.yaml')).toBe(true);
}, 120_000);

test('a file that cannot be a baseline is reported before anything is played', async () => {
  make({ 'scenarios/a.yaml': scenarioText('First') });
  mkdirSync(place.path('folder'));
  const folder = await place.run(['run', '--baseline', 'folder']);
  expect([folder.code, folder.stderr]).toEqual([2, expect.stringContaining('is not a file')]);
  const nowhere = await place.run(['run', '--baseline', 'not/there.yaml']);
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('there is no folder')]);
  const alone = await place.run(['run', '--update-baseline']);
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--baseline FILE')]);
});
