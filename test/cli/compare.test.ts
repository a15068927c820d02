// `compare`: the same scenarios under several policies, run inside the test process with real workers.

import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { displayWidth } from '../../src/reporters/terminal/layout.js';
import type { Comparison } from '../../src/results/comparison/comparison.js';
import type { ScenarioStatus } from '../../src/results/result.js';
import { FakeExecutor, resultOf } from '../suite/plans.js';
import { scenarioText, Workplace, type Options } from './harness.js';

let place: Workplace;
const make = (files: Record<string, string>): Workplace => (place = new Workplace().write(files));
afterEach(() => place.remove());

/** A host that is down for three hours: too long for one policy. The expectation holds under no policy. */
const DOWN = `name: Down for three hours
fleet:
  yahoo.com: { behaviors: [{ during: 0h..3h, do: down }] }
  example.org: {}
audience:
  contacts: [ann@example.org, bob@yahoo.com, cid@yahoo.com]
mailings:
  - name: november
expect:
  - at: end
    november: { delivered: 77 }
`;
/** An external sender that ignores the policy. */
const NAIVE = fileURLToPath(new URL('../../examples/naive-sender.js', import.meta.url));
const BOTH = ['--policy', 'emma', '--policy', 'four-attempts'];

function parse(stdout: string): Comparison {
  return JSON.parse(stdout) as Comparison;
}

test('compares figures and contacts of each policy, and leaves no files behind', async () => {
  make({ 'scenarios/down.yaml': DOWN, 'scenarios/easy.yaml': scenarioText('Easy') });
  const before = leftovers();
  const { code, stdout } = await place.run(['compare', ...BOTH, '--json']);
  expect(code).toBe(0);
  const { policies, sum, scenarios, differing, troubles, curves } = parse(stdout);
  expect(policies).toEqual(['emma', 'four-attempts']);
  expect(troubles).toEqual([]);
  expect(sum[0]).toMatchObject({ delivered: 4, soft: 0, hours: 3 });
  expect(sum[1]).toMatchObject({ delivered: 2, soft: 2, hours: 1.5 });
  // Two contacts with seven and with four attempts, one at another host, and one of the other scenario.
  expect(sum.map(({ attempts }) => attempts)).toEqual([16, 10]);
  expect(sum[0]!.refused).toBeGreaterThan(sum[1]!.refused);
  expect(differing).toBe(2);
  expect(scenarios.map(({ file }) => file)).toEqual(['scenarios/down.yaml', 'scenarios/easy.yaml']);
  expect(scenarios[0]!.ends.groups).toEqual([
    {
      domain: 'yahoo.com',
      contacts: 2,
      changes: [{ mailing: 'november', ends: ['delivered', 'soft-bounced'] }],
      named: ['bob@yahoo.com', 'cid@yahoo.com'],
    },
  ]);
  expect(scenarios[1]!.ends).toEqual({ contacts: 0, groups: [], notShown: 0 });
  expect(curves.policies.map(({ delivered }) => delivered.at(-1))).toEqual([4, 2]);
  expect(curves.policies.map(({ inProgress }) => inProgress.at(-1))).toEqual([0, 0]);
  expect(readdirSync(place.dir)).toEqual(['scenarios']);
  expect(leftovers()).toEqual(before);
});

test('shows what the hosts of a site saw where domains share one', async () => {
  make({
    'five.yaml': `name: Three domains of one site
sites:
  provider: { domains: [a.example, b.example, c.example], behaviors: [{ do: throttle, connections: 3 }] }
audience:
  generate: [{ count: 6, at: a.example, prefix: r }, { count: 6, at: b.example, prefix: r }, { count: 6, at: c.example, prefix: r }]
mailings: [{ name: november }]
expect: [{ at: end, november: { delivered: 18 } }]
`,
    'together.yaml': 'name: together\ndestination: { connections: 3 }\n',
    'apart.yaml': 'name: apart\ndestination: { by: domain, connections: 3 }\n',
  });
  const args = ['compare', 'five.yaml', '--policy', './together.yaml', '--policy', './apart.yaml'];
  const { scenarios } = parse((await place.run([...args, '--json'])).stdout);
  const domains = ['a.example', 'b.example', 'c.example'];
  expect(scenarios[0]!.sites).toEqual([
    {
      site: 'provider',
      domains,
      figures: [
        { connections: 3, peakConnections: 3, refused: 0, limited: 0 },
        { connections: 6, peakConnections: 6, refused: 0, limited: 3 },
      ],
    },
  ]);
  expect((await place.run(args, { columns: 120 })).stdout).toContain(
    'site provider (a.example, b.example, c.example): connections 3 → 6, at once 3 → 6, further connections failed 0 → 3',
  );
});

describe('--export-differences', () => {
  test('has the contacts that end differently, with their status and deliveries under each policy', async () => {
    const late = DOWN.replace('Down for', 'Again down for').replace(
      'bob@yahoo.com',
      '{ address: bob@yahoo.com, softBounceStreak: 3 }',
    );
    make({ 'scenarios/a.yaml': DOWN, 'scenarios/b.yaml': late, 'scenarios/easy.yaml': scenarioText('Easy') });
    const args = ['compare', ...BOTH, '--export-differences', 'out.csv', '--html', 'page.html', '--json'];
    const { code, stdout, stderr } = await place.run(args);
    expect(code).toBe(0);
    expect(parse(stdout).differing).toBe(4);
    expect(stderr).toContain('differences: out.csv (4 contacts)');
    expect(place.read('out.csv').split('\n')).toEqual([
      'address,scenario,emma status,emma deliveries,four-attempts status,four-attempts deliveries',
      'bob@yahoo.com,scenarios/a.yaml,active,november: delivered,active,november: soft-bounced',
      'cid@yahoo.com,scenarios/a.yaml,active,november: delivered,active,november: soft-bounced',
      'bob@yahoo.com,scenarios/b.yaml,active,november: delivered,error,november: soft-bounced',
      'cid@yahoo.com,scenarios/b.yaml,active,november: delivered,active,november: soft-bounced',
      '',
    ]);
    expect(readdirSync(place.dir).sort()).toEqual(['out.csv', 'page.html', 'scenarios']);
  });

  test('can be read as an audience', async () => {
    make({ 'scenarios/a.yaml': DOWN });
    await place.run(['compare', ...BOTH, '--export-differences', 'out.csv']);
    place.write({ 'again.yaml': DOWN.replace(/contacts: .*/, 'file: out.csv') });
    const { stdout } = await place.run(['validate', 'again.yaml']);
    expect(stdout).toContain(
      'out.csv: 2 rows, 0 bad; UTF-8, separator comma\n  columns: address from `address`',
    );
  });

  test('of a run that is interrupted leaves the file as it was', async () => {
    make({ 'scenarios/a.yaml': DOWN, 'out.csv': 'before' });
    const args = ['compare', ...BOTH, '--export-differences', 'out.csv'];
    const { code, stdout } = await place.run(args, { signal: AbortSignal.abort() });
    expect(code).toBe(130);
    expect(stdout).toContain('differences: out.csv (not written, since not all was played)');
    expect(place.read('out.csv')).toBe('before');
    expect(readdirSync(place.dir).sort()).toEqual(['out.csv', 'scenarios']);
  });

  test.each([
    ['scenarios', 'the differences cannot be written to'],
    ['page.html', '--html and --export-differences both write to page.html'],
  ])('to %s is refused before anything is played', async (file, message) => {
    make({ 'scenarios/a.yaml': DOWN });
    const args = ['compare', ...BOTH, '--html', 'page.html', '--export-differences', file];
    const { code, stderr } = await place.run(args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
    expect(readdirSync(place.dir)).toEqual(['scenarios']);
  });
});

/** An executor whose runs all end with this status, without events. */
function ended(status: ScenarioStatus): Options {
  return {
    createExecutor: () =>
      new FakeExecutor(({ plan }, { events }) => {
        events.write('');
        events.close(true);
        return resultOf(plan, status);
      }),
  };
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('bouncelab-compare-'));
}

test.each([60, 120])('prints a table with signs that fits %i columns', async (columns) => {
  make({ 'scenarios/down.yaml': DOWN });
  const { stdout } = await place.run(['compare', ...BOTH, '--policy', 'thirty-hours'], { columns });
  for (const line of stdout.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
  expect(stdout).toMatch(/delivered +3 +1 -2 ✗ +3 =/);
  expect(stdout).toMatch(/hours +3\.0 +1\.5 -1\.5 ✓/);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    '2 contacts at yahoo.com: november delivered → soft-bounced → delivered (bob@yahoo.com, cid@yahoo.com)',
  );
});

test('--wire applies to every policy, and changes no figure', async () => {
  make({ 'scenarios/down.yaml': DOWN });
  const wires: string[] = [];
  const seen: Options = {
    createExecutor: () =>
      new FakeExecutor(({ plan }, { events }) => {
        wires.push(plan.wire);
        events.write('');
        events.close(true);
        return resultOf(plan, 'passed');
      }),
  };
  await place.run(['compare', ...BOTH, '--wire', 'tcp'], seen);
  expect(wires).toEqual(['tcp', 'tcp']);
  const [memory, tcp] = await Promise.all(
    ['memory', 'tcp'].map((wire) => place.run(['compare', ...BOTH, '--json', '--wire', wire])),
  );
  expect(tcp!.code).toBe(0);
  expect(parse(tcp!.stdout)).toEqual(parse(memory!.stdout));
});

test('an external sender that ignores the policy has the same results under each', async () => {
  make({ 'scenarios/down.yaml': DOWN });
  const { code, stdout } = await place.run(['compare', ...BOTH, '--sender', NAIVE, '--json']);
  const { sum, differing, troubles } = parse(stdout);
  expect(code).toBe(0);
  expect(troubles).toEqual([]);
  // This sender gives up after four attempts, and reports every failure as a hard bounce.
  expect(sum[0]).toMatchObject({ delivered: 1, soft: 0, hard: 2, attempts: 9 });
  expect(sum[1]).toEqual(sum[0]);
  expect(differing).toBe(0);
});

test('a sender module that does not exist is wrong usage, reported once', async () => {
  make({ 'scenarios/down.yaml': DOWN, 'scenarios/easy.yaml': scenarioText('Easy') });
  const { code, stderr } = await place.run(['compare', ...BOTH, '--sender', 'gone.js']);
  expect(code).toBe(2);
  expect(stderr.match(/gone\.js/g)).toHaveLength(1);
});

describe('--fail-if', () => {
  test.each([
    ['soft > 0', 1, 'four-attempts'],
    ['emma.soft > 0', 0, 'emma'],
    ['delivered.delta < 0', 1, 'four-attempts'],
    ['hours.delta >= 0', 0, 'four-attempts'],
    ['differing != 2', 0, 'four-attempts'],
    ['attempts == 9', 1, 'four-attempts'],
  ])('%s ends with %i', async (text, code, policy) => {
    make({ 'scenarios/down.yaml': DOWN });
    const outcome = await place.run(['compare', ...BOTH, '--fail-if', text]);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toContain(`${code === 1 ? '✗ fails' : '✓ passes'}: --fail-if "${text}", found `);
    expect(outcome.stdout).toContain(`(${policy})`);
  });

  test.each([
    ['lost', 'is no threshold', 'FIGURE OPERATOR NUMBER'],
    ['losst > 0', 'there is no figure `losst`', 'did you mean `lost`?'],
    ['ema.lost > 0', 'the policy `ema` is not compared', 'did you mean `emma`?'],
    ['differing.delta > 0', 'of all policies together', 'differing > 0'],
    ['lost > many', 'is no threshold', 'operators'],
    ['lost => 0', 'is no threshold', 'operators'],
    ['lost >== 0', 'is no threshold', 'operators'],
  ])('%s is wrong usage', async (text, message, hint) => {
    make({ 'scenarios/down.yaml': DOWN });
    const { code, stderr } = await place.run(['compare', ...BOTH, '--fail-if', text]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });
});

test.each([
  [['--policy', 'emma'], 'compare needs two policies or more'],
  [['--policy', 'emma', '--policy', 'emma'], 'is named twice'],
  [['--policy', 'emma', '--policy', 'emmma'], 'did you mean `emma`?'],
])('%j is wrong usage', async (args, message) => {
  make({ 'scenarios/easy.yaml': scenarioText('Easy') });
  const { code, stderr } = await place.run(['compare', ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('reports a violated invariant and a run that does not end; the latter is in no figure', async () => {
  make({ 'a.yaml': scenarioText('Breaks'), 'b.yaml': scenarioText('Hangs') });
  const breaks = ended('failed');
  const failed = await place.run(['compare', 'a.yaml', ...BOTH], breaks);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain('Breaks, under emma: failed');
  const hangs = ended('inconclusive');
  const stuck = await place.run(['compare', 'b.yaml', ...BOTH, '--json'], hangs);
  expect(stuck.code).toBe(5);
  const { scenarios, troubles } = parse(stuck.stdout);
  expect(scenarios).toEqual([]);
  expect(troubles.map(({ policy }) => policy)).toEqual(['emma', 'four-attempts']);
});

test('shows the problem of an invalid scenario, and compares the others', async () => {
  make({ 'a.yaml': 'name: A\nflet: {}\n', 'b.yaml': scenarioText('Easy') });
  const { code, stdout, stderr } = await place.run(['compare', 'a.yaml', 'b.yaml', ...BOTH, '--json']);
  expect(code).toBe(3);
  expect(stderr).toContain('a.yaml:2:1');
  expect(parse(stdout).scenarios.map(({ file }) => file)).toEqual(['b.yaml']);
});

test('writes a page that makes no requests and treats all data as text', async () => {
  const name = '</script><img src=x onerror=alert(1)>';
  make({ 'scenarios/down.yaml': DOWN.replace('name: Down for three hours', `name: "${name}"`) });
  const { code, stdout } = await place.run(['compare', ...BOTH, '--html', 'out.html']);
  expect(code).toBe(0);
  expect(stdout).toContain('page: out.html');
  const page = place.read('out.html');
  expect(page).toContain("default-src 'none'");
  expect(page).not.toContain('<img src=x');
  expect(page).not.toMatch(/(?:src|href)="?https?:/);
  const json = /id="comparison">(.*?)<\/script>/s.exec(page)![1]!;
  expect(parse(json).scenarios[0]!.name).toBe(name);
});

test.each([
  ['not/there.html', 'part of the path does not exist'],
  ['scenarios', 'it is a folder'],
])('reports a page that cannot be written to %s before anything is played', async (page, why) => {
  make({ 'scenarios/down.yaml': DOWN });
  const executor = ended('passed');
  const { code, stdout, stderr } = await place.run(['compare', ...BOTH, '--html', page], executor);
  expect(stderr).toContain(
    `the page cannot be written to ${page}: ${why}\n  name another file with --html FILE`,
  );
  expect(code).toBe(2);
  expect(stdout).toBe('');
});
