// The runner: from a plan to a status and a fingerprint; expectations at a time; and runs that do not end.

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runScenario } from '../../src/runner/run.js';
import { FakeDns } from '../../src/simulator/dns.js';
import { BUILDING_MS, expectation, number, plan, readers } from '../support/plans.js';
import { HOUR, MINUTE, policy } from '../support/policies.js';
import { run } from '../support/runs.js';
import { sendTo } from '../support/scripted-server.js';

const FULL = { 'example.org': { behaviors: [{ do: 'mailbox-full' }] } };

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'bouncelab-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

describe('the verdict', () => {
  const inProgress = (expected: number) =>
    ({ kind: 'mailing-number', mailing: 'news', field: 'inProgress', expected: number(expected) }) as const;

  test('is passed when everything expected holds, and failed with what does not', async () => {
    const delivered = {
      kind: 'mailing-number',
      mailing: 'news',
      field: 'delivered',
      expected: number(1),
    } as const;
    const right = await run({ expectations: [expectation('end', delivered)] });
    expect(right.result).toMatchObject({ status: 'passed', failures: [] });
    const wrong = await run({
      expectations: [expectation('end', { ...delivered, expected: number(2) }, delivered)],
    });
    expect(wrong.result.status).toBe('failed');
    expect(right.result).not.toHaveProperty('inProgress');
    expect(wrong.result.failures).toMatchObject([
      {
        file: 'of-a-test.yaml',
        line: 1,
        column: 3,
        message: 'delivered of news, at the end',
        expected: '2',
        actual: '1',
      },
    ]);
  });

  test('of one that failed comes with its deliveries in progress over time', async () => {
    const { result } = await run({ fleet: FULL, expectations: [expectation('end', inProgress(1))] });
    expect(result.inProgress).toEqual({ t: [BUILDING_MS, BUILDING_MS + 90 * MINUTE], deliveries: [1, 0] });
  });

  test('of an expectation at a time sees everything of that instant', async () => {
    // The last attempt ends, and with it the mailing, exactly 90 minutes after it started.
    const at = BUILDING_MS + 90 * MINUTE;
    const { result } = await run({
      fleet: FULL,
      expectations: [expectation(at - 1, inProgress(1)), expectation(at, inProgress(0))],
    });
    expect(result.failures).toEqual([]);
  });

  test('of an expectation at a time sees nothing later', async () => {
    const at = BUILDING_MS + 90 * MINUTE;
    const { result } = await run({ fleet: FULL, expectations: [expectation(at - 1, inProgress(0))] });
    expect(result.failures).toMatchObject([{ actual: '1', message: 'inProgress of news, at 1h30m04s' }]);
  });

  test('does not depend on the order in which the expectations are written', async () => {
    const { result } = await run({
      fleet: FULL,
      expectations: [
        expectation('end', inProgress(0)),
        expectation(2 * HOUR, inProgress(0)),
        expectation(HOUR, inProgress(1)),
        expectation(0, { kind: 'mailing-state', mailing: 'news', expected: 'building' }),
      ],
    });
    expect(result.failures).toEqual([]);
  });

  test('of an expectation after the last event is that at the end', async () => {
    const { result } = await run({ expectations: [expectation(500 * HOUR, inProgress(0))] });
    expect(result.status).toBe('passed');
  });

  test('of an event and an expectation of one instant has the event first', async () => {
    const { result } = await run({
      fleet: FULL,
      events: [{ at: HOUR, action: 'opt-out', address: 'bob@example.org' }],
      expectations: [expectation(HOUR, inProgress(0))],
    });
    expect(result.failures).toEqual([]);
  });
});

describe('the events', () => {
  test('are written as NDJSON whose SHA-256 is the fingerprint', async () => {
    const eventsFile = path.join(folder(), 'deep', 'events.ndjson');
    const { result, events } = await run({ contacts: readers(300) }, { eventsFile });
    const text = readFileSync(eventsFile, 'utf8');
    expect(createHash('sha256').update(text).digest('hex')).toBe(result.fingerprint);
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(events.all.length);
    expect(JSON.parse(lines[0]!)).toMatchObject({ seq: 0, t: 0, type: 'run.started', scenario: 'of a test' });
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: 'run.ended', reason: 'idle' });
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(
      lines.map((_, index) => index),
    );
  });

  test('that cannot be written are an error for people, and the clock is uninstalled', async () => {
    const blocked = path.join(folder(), 'events.ndjson');
    await runScenario(plan(), { eventsFile: blocked });
    const below = path.join(blocked, 'below');
    const failed = runScenario(plan(), { eventsFile: below });
    await expect(failed).rejects.toMatchObject({ code: 'E_OUTPUT' });
    await expect(failed).rejects.toThrow(`cannot write ${below}`);
    await expect(runScenario(plan())).resolves.toMatchObject({ status: 'passed' });
  });
});

describe('the fingerprint', () => {
  const chancy = {
    fleet: { 'example.org': { behaviors: [{ do: 'busy', stage: 'rcpt', chance: 0.5 }] } },
    contacts: readers(40),
    latencyMs: 3,
  };

  test('is the same for the same plan and seed', async () => {
    const one = await run({ ...chancy, seed: 'a' });
    const two = await run({ ...chancy, seed: 'a' });
    expect(two.result.fingerprint).toBe(one.result.fingerprint);
    expect(one.result.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(two.events.all).toEqual(one.events.all);
  });

  test('is another for another seed where there is chance, by other draws and not only by its name', async () => {
    const one = await run({ ...chancy, seed: 'a' });
    const two = await run({ ...chancy, seed: 'b' });
    expect(two.result.fingerprint).not.toBe(one.result.fingerprint);
    const counts = ({ events }: typeof one): number[] =>
      readers(40).map((address) => events.rcptTimes(address).length);
    expect(counts(two)).not.toEqual(counts(one));
  });

  test('does not depend on onEvent', async () => {
    const quiet = await runScenario(plan(chancy));
    const { result } = await run(chancy, { onProgress: () => undefined });
    expect(result.fingerprint).toBe(quiet.fingerprint);
  });

  test('jitter is drawn from the seed too', async () => {
    const jittery = { fleet: FULL, policy: policy({ retry: { jitter: 0.5 } }) };
    const starts = async (seed: string): Promise<number[]> =>
      (await run({ ...jittery, seed })).events.rcptTimes('bob@example.org');
    const one = await starts('a');
    expect(await starts('a')).toEqual(one);
    expect(await starts('b')).not.toEqual(one);
    one.slice(1).forEach((at, index) => {
      const late = at - BUILDING_MS - (index + 1) * 30 * MINUTE;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(15 * MINUTE);
    });
  });
});

describe('a run without end', () => {
  test('is inconclusive when it uses more real time than it may, and says so', async () => {
    const { result, events } = await run(
      { fleet: { 'example.org': { behaviors: [{ do: 'busy', stage: 'rcpt' }] } }, contacts: readers(3000) },
      { wallLimitMs: 1 },
    );
    expect(result.status).toBe('inconclusive');
    expect(result.failures).toHaveLength(1);
    expect(result.failures[0]!.message).toMatch(/more than 1ms of real time/);
    expect(result.failures[0]!.details!.length).toBe(11);
    expect(result.failures[0]!.details!.at(-1)).toMatch(/^and [\d]+ more$/);
    expect(result.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(events.all.length).toBeGreaterThan(0);
    // The thread has its own time again.
    await expect(runScenario(plan())).resolves.toMatchObject({ status: 'passed' });
  });

  test('keeps the failures found until then', async () => {
    const { result } = await run(
      {
        fleet: { 'example.org': { behaviors: [{ do: 'busy', stage: 'rcpt' }] } },
        contacts: readers(3000),
        expectations: [expectation(0, { kind: 'statuses', status: 'active', expected: number(1) })],
      },
      { wallLimitMs: 1 },
    );
    expect(result.status).toBe('inconclusive');
    expect(result.failures[0]).toMatchObject({
      message: 'contacts with status active, at 0s',
      actual: '3000',
    });
  });

  test('is a deadlock when nothing is left that could end its deliveries, and names what each waits for', async () => {
    // No plan can bring this about: everything the sender waits for has a time limit, but for a
    // resolver that never answers, which would be a fault of its port.
    const spy = vi.spyOn(FakeDns.prototype, 'resolveMx').mockReturnValue(new Promise(() => undefined));
    onTestFinished(() => spy.mockRestore());
    const { result, events } = await run({ contacts: readers(12) });
    expect(result.status).toBe('inconclusive');
    expect(result.failures).toMatchObject([
      { expected: 'every delivery ends', actual: '12 in progress', line: 1 },
    ]);
    expect(result.failures[0]!.message).toMatch(/^deadlock at .*nothing is left that could end them$/);
    expect(result.failures[0]!.details).toHaveLength(11);
    expect(result.failures[0]!.details![0]).toBe('reader-1@example.org in news waits for DNS of example.org');
    expect(events.of('run.ended')).toMatchObject([{ reason: 'deadlock' }]);
  });

  test('is stopped at a horizon of 400 days', async () => {
    const { result } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'down' }] } },
      policy: policy({ retry: { intervalsMs: [24 * HOUR], windowMs: 500 * 24 * HOUR } }),
    });
    expect(result).toMatchObject({ status: 'inconclusive' });
    expect(result.failures[0]!.details).toEqual([expect.stringContaining('bob@example.org in news')]);
  });
});

describe('what a delivery waits for', () => {
  test('is named for each while it is in progress, and for none afterwards', async () => {
    const seen: string[][] = [];
    const { sender } = await sendTo(({ verb }) => (verb === 'RCPT' ? null : undefined), {
      contacts: readers(3),
      limits: { connectionsMax: 1 },
      before: ({ clock, sender }) => clock.at(1000, () => seen.push(sender.waiting())),
    });
    expect(seen[0]).toHaveLength(3);
    for (const [index, line] of seen[0]!.entries()) {
      expect(line).toMatch(new RegExp(`^reader-${index + 1}@example.org in news waits for \\S`));
    }
    expect(seen[0]![1]).toContain('a free connection to example.org');
    expect(sender.waiting()).toEqual([]);
  });

  test('is its next attempt between two attempts', async () => {
    const seen: string[] = [];
    await sendTo(() => '450 later\r\n', {
      policy: policy(),
      handshake: () => 'refuse',
      before: ({ clock, sender }) => clock.at(HOUR + 1, () => seen.push(...sender.waiting())),
    });
    expect(seen).toEqual([expect.stringMatching(/^bob@example.org in news waits for .*1h30m/)]);
  });
});

test('a second run in the thread while one is under way is refused, and the first goes on', async () => {
  const first = runScenario(plan());
  await expect(runScenario(plan())).rejects.toThrow('already installed');
  await expect(first).resolves.toMatchObject({ status: 'passed' });
});
