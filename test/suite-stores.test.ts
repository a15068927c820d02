// The shipped suite with the state of the sender in SQLite: what is kept, and how, changes nothing of
// what happens.

import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import type { RunEvent } from '../src/events/types.js';
import { loadScenarioText } from '../src/scenarios/load.js';
import { STORES, type ScenarioPlan, type StoreKind } from '../src/scenarios/plan.js';
import type { ScenarioResult } from '../src/results/result.js';
import { runScenario } from '../src/runner/run.js';
import { selectScenarios } from '../src/suite/select.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const entries = selectScenarios({ inputs: ['scenarios'], cwd: ROOT });

async function play(
  plan: ScenarioPlan,
  store: StoreKind,
): Promise<{ result: ScenarioResult; events: string[] }> {
  const events: string[] = [];
  const onEvent = (event: RunEvent): void => void events.push(JSON.stringify(event));
  const result = await runScenario({ ...plan, store }, { onEvent, wallLimitMs: 50_000 });
  return { result, events };
}

function storesLeft(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('bouncelab-store-'));
}

test('there are stores to compare, and scenarios', () => {
  expect(STORES).toEqual(['memory', 'sqlite']);
  expect(entries.length).toBeGreaterThan(50);
});

test.each(entries.map(({ file, plan }) => [file, plan] as const))(
  '%s is the same with its state in memory and in SQLite',
  async (_file, plan) => {
    const memory = await play(plan!, 'memory');
    const sqlite = await play(plan!, 'sqlite');
    expect(sqlite.result.status).toBe('passed');
    const first = sqlite.events.findIndex((event, index) => event !== memory.events[index]);
    expect(first < 0 ? undefined : sqlite.events[first]).toBe(first < 0 ? undefined : memory.events[first]);
    expect(sqlite.result.fingerprint).toBe(memory.result.fingerprint);
  },
);

test('with SQLite a file is written, and nothing of it is left', async () => {
  const before = storesLeft();
  let during: string[] = [];
  const plan = entries.find(({ file }) => file.includes('while-waiting-for-a-retry'))!.plan!;
  await runScenario({ ...plan, store: 'sqlite' }, { onEvent: () => (during = storesLeft()) });
  expect(during.length).toBe(before.length + 1);
  expect(storesLeft()).toEqual(before);
});

test('without a place for the file it is said what is missing', async () => {
  vi.stubEnv('TMPDIR', '/nonexistent');
  try {
    await expect(play(entries[0]!.plan!, 'sqlite')).rejects.toMatchObject({
      code: 'E_STORE',
      message: expect.stringContaining('the store of the sender cannot be made: ENOENT') as string,
      hint: expect.stringContaining('TMPDIR') as string,
    });
  } finally {
    vi.unstubAllEnvs();
  }
});

test('a module in the place of our sender has no store of ours', () => {
  const source = `
name: A store for somebody else
sender: examples/naive-sender.js
store: sqlite
fleet: { example.org: }
audience: { contacts: [bob@example.org] }
mailings: [{ name: november }]
expect: [{ at: end, november: { delivered: 1 } }]
`;
  const { problems } = loadScenarioText('mine.yaml', source, { cwd: ROOT });
  expect(problems?.map(({ message }) => message)).toContainEqual(
    expect.stringContaining(
      'keeps the state of the built-in sender, and `examples/naive-sender.js` keeps its own',
    ),
  );
});
