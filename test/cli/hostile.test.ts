// Commands that read hostile text in every field of a file: it is written as text to both outputs.

import { afterEach, describe, expect, test } from 'vitest';
import { FORBIDDEN, HOSTILE, packed } from '../reporters/hostile.js';
import { Workplace, type Outcome } from './harness.js';

let place: Workplace;
const make = (files: Record<string, string>): Workplace => (place = new Workplace().write(files));
afterEach(() => place.remove());

/** YAML that is read back as this text, whatever its characters. */
const yaml = (text: string): string => JSON.stringify(text);

function named(index: number, delivered = 0): string {
  const text = yaml(HOSTILE[index]!.text);
  // Reply texts and subjects must be one line without control characters; other texts are rejected.
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

/** A folder with one scenario for each hostile text. */
function all(delivered = 0): Record<string, string> {
  return Object.fromEntries(
    HOSTILE.map((_, index) => [`scenarios/s${index}.yaml`, named(index, delivered)] as const),
  );
}

function expectText({ stdout, stderr }: Outcome, least: number): void {
  expect(stdout + stderr).not.toMatch(FORBIDDEN);
  const written = packed(stdout + stderr);
  // A longer text may be cut with an ellipsis, so its beginning is looked for.
  for (const { seen, what } of HOSTILE) {
    const found = written.split(packed(seen).slice(0, 20)).length - 1;
    expect({ what, found: found >= least }, `${what}: ${found} times`).toEqual({ what, found: true });
  }
}

describe('hostile text stays text', () => {
  test('in the output of a run, its failures and its CI reports', async () => {
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

  test('in the problems of a file', async () => {
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

  test('in a file that holds it without escapes', async () => {
    // YAML forbids control characters; this file contains them.
    const raw = HOSTILE.map(
      ({ text }, index) => [`scenarios/s${index}.yaml`, `name: "${text}\nfleet: [\n`] as const,
    );
    make(Object.fromEntries(raw));
    const outcome = await place.run(['validate'], { columns: 120 });
    expect(outcome.code).toBe(3);
    expect(outcome.stdout + outcome.stderr).not.toMatch(FORBIDDEN);
  });

  test('in an unknown command or option', async () => {
    make({ 'scenarios/a.yaml': named(0) });
    for (const hostile of HOSTILE) {
      // An argument of a process cannot hold NUL.
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

  test('in a baseline and its differences', async () => {
    make(all());
    const baseline = ['run', '--workers', '1', '--no-html', '--baseline', 'baseline.yaml'];
    expect((await place.run(baseline)).code).toBe(0);
    // The mailboxes now exist, but are busy: 450 instead of 550.
    const healed = Object.entries(all()).map(([file, text]) => [file, text.replace('550', '450')] as const);
    place.write(Object.fromEntries(healed));
    const differs = await place.run(baseline, { columns: 200 });
    expect(differs.code).toBe(1);
    const from = differs.stdout.indexOf('baseline:');
    expectText({ ...differs, stdout: differs.stdout.slice(from) }, 1);
  });
});
