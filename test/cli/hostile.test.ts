// Commands given files with hostile text in every place: it stays text, on standard output and error.

import { afterEach, describe, expect, test } from 'vitest';
import { FORBIDDEN, HOSTILE, packed } from '../reporters/hostile.js';
import { Workplace, type Outcome } from './harness.js';

let place: Workplace;
const make = (files: Record<string, string>): Workplace => (place = new Workplace().write(files));
afterEach(() => place.remove());

/** A text as YAML reads it back, whatever is in it. */
const yaml = (text: string): string => JSON.stringify(text);

function named(index: number, delivered = 0): string {
  const text = yaml(HOSTILE[index]!.text);
  // A scenario may let a server say, and a subject be, one line without controls; the others are refused.
  const line = /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(HOSTILE[index]!.text) ? text : 'No';
  return `name: ${text}
tags: [${text}]
description: ${text}
seed: ${text}
fleet:
  example.org: { mailboxes: { bob: { reply: { stage: rcpt, code: 550, text: ${line} } } } }
audience:
  contacts: [bob@example.org]
mailings:
  - { name: november, message: { subject: ${line} } }
expect:
  - at: end
    november: { delivered: ${delivered} }
`;
}

/** One folder with a scenario for each. */
function all(delivered = 0): Record<string, string> {
  return Object.fromEntries(
    HOSTILE.map((_, index) => [`scenarios/s${index}.yaml`, named(index, delivered)] as const),
  );
}

function expectText({ stdout, stderr }: Outcome, least: number): void {
  expect(stdout + stderr).not.toMatch(FORBIDDEN);
  const written = packed(stdout + stderr);
  // A longer one is cut with an ellipsis where there is no room; its beginning is there.
  for (const { seen, what } of HOSTILE) {
    const found = written.split(packed(seen).slice(0, 20)).length - 1;
    expect({ what, found: found >= least }, `${what}: ${found} times`).toEqual({ what, found: true });
  }
}

describe('hostile text stays text', () => {
  test('where a run lists and explains failures, and in what CI shows of it', async () => {
    make(all(1));
    const summary = place.path('summary.md');
    const run = await place.run(['run', '--workers', '1'], {
      columns: 120,
      env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary },
    });
    expect(run.code).toBe(1);
    expectText(run, 3);
    expect(run.stdout.match(/^::error /gm)).toHaveLength(HOSTILE.length);
    const markdown = place.read('summary.md');
    expect(markdown).not.toMatch(FORBIDDEN);
    expect(markdown).toContain(`### ✗ Bouncelab: ${HOSTILE.length} failed, 0 passed`);
    expect(place.read('reports', 'latest', 'junit.xml')).not.toMatch(FORBIDDEN);
  });

  test('in a list', async () => {
    make(all());
    expectText(await place.run(['list'], { columns: 200 }), 1);
  });

  test('in what is wrong with a file', async () => {
    const files = HOSTILE.map(
      ({ text }, index) =>
        [
          `scenarios/s${index}.yaml`,
          `name: x\n${yaml(text)}: 1\nfleet: ${yaml(text)} # ${yaml(text)}\n`,
        ] as const,
    );
    make(Object.fromEntries(files));
    const outcome = await place.run(['validate'], { columns: 120 });
    expect(outcome.code).toBe(3);
    expectText(outcome, 2);
  });

  test('in a file that holds it as it is', async () => {
    // YAML allows no controls; the bytes are in the file all the same.
    const raw = HOSTILE.map(
      ({ text }, index) => [`scenarios/s${index}.yaml`, `name: "${text}\nfleet: [\n`] as const,
    );
    make(Object.fromEntries(raw));
    const outcome = await place.run(['validate'], { columns: 120 });
    expect(outcome.code).toBe(3);
    expect(outcome.stdout + outcome.stderr).not.toMatch(FORBIDDEN);
  });

  test('in a word that no command knows', async () => {
    make({ 'scenarios/a.yaml': named(0) });
    for (const hostile of HOSTILE) {
      // No argument of a process holds a NUL.
      const text = hostile.text.replaceAll('\0', '');
      for (const argv of [
        ['explain', 'scenarios/a.yaml', text],
        ['explain', 'scenarios/a.yaml', 'bob@example.org', '--mailing', text],
        ['explain', text, 'bob@example.org'],
        ['run', text],
        ['run', '--policy', text],
        ['run', '--reporter', text],
        ['run', '--workers', text],
        ['compare', '--policy', 'emma', '--policy', text],
        ['compare', '--policy', 'emma', '--policy', 'spread', '--fail-if', text],
        ['policy', 'show', text],
        ['show-report', text],
        ['replies', text],
        ['schema', text],
        [`x${text}`],
      ]) {
        const { code, stdout, stderr } = await place.run(argv);
        expect({ argv, code }).toEqual({ argv, code: 2 });
        expect({ argv, stderr: stderr.match(FORBIDDEN)?.[0] }).toEqual({ argv, stderr: undefined });
        expect(stdout).toBe('');
      }
    }
  });

  test('in a baseline and in what differs from it', async () => {
    make(all());
    const baseline = ['run', '--workers', '1', '--no-html', '--baseline', 'baseline.yaml'];
    expect((await place.run(baseline)).code).toBe(0);
    // The ghosts are there now.
    const healed = Object.entries(all()).map(([file, text]) => [file, text.replace('550', '450')] as const);
    place.write(Object.fromEntries(healed));
    const differs = await place.run(baseline, { columns: 200 });
    expect(differs.code).toBe(1);
    const from = differs.stdout.indexOf('baseline:');
    expectText({ ...differs, stdout: differs.stdout.slice(from) }, 1);
  });
});
