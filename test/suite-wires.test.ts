// The shipped suite over both wires: not only the same figures, but the same events at the same
// moments in the same order. And nothing is left of a run with the operating system.

import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { RunEvent } from '../src/events/types.js';
import { WIRES, type ScenarioPlan, type WireKind } from '../src/scenarios/plan.js';
import type { ScenarioResult } from '../src/results/result.js';
import { runScenario } from '../src/runner/run.js';
import { selectScenarios } from '../src/suite/select.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const entries = selectScenarios({ inputs: ['scenarios'], cwd: ROOT });

async function play(
  plan: ScenarioPlan,
  wire: WireKind,
): Promise<{ result: ScenarioResult; events: string[] }> {
  const events: string[] = [];
  const onEvent = (event: RunEvent): void => {
    // The one fact that may differ.
    events.push(JSON.stringify(event.type === 'run.started' ? { ...event, wire: '' } : event));
  };
  const result = await runScenario({ ...plan, wire }, { onEvent, wallLimitMs: 50_000 });
  return { result, events };
}

/** Sockets and servers that this thread holds open, once those that are closed are gone. */
async function held(): Promise<string[]> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  return process.getActiveResourcesInfo().filter((name) => /TCP/.test(name));
}

test('there are wires to compare, and scenarios', () => {
  expect(WIRES).toEqual(['memory', 'tcp']);
  expect(entries.length).toBeGreaterThan(50);
});

test.each(entries.map(({ file, plan }) => [file, plan] as const))(
  '%s is the same over memory and TCP',
  async (_file, plan) => {
    const before = await held();
    const memory = await play(plan!, 'memory');
    const tcp = await play(plan!, 'tcp');
    expect(tcp.result.status).toBe('passed');
    expect(tcp.result.wire).toBe('tcp');
    const first = tcp.events.findIndex((event, index) => event !== memory.events[index]);
    expect(first < 0 ? undefined : tcp.events[first]).toBe(first < 0 ? undefined : memory.events[first]);
    expect(tcp.events.length).toBe(memory.events.length);
    expect(tcp.result.mailings).toEqual(memory.result.mailings);
    expect(await held()).toEqual(before);
  },
);

test('over TCP real sockets are used', async () => {
  const real = net.Server.prototype.listen;
  let ports = 0;
  net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]) {
    ports++;
    return Reflect.apply(real, this, args) as net.Server;
  } as typeof real;
  try {
    await play(entries.find(({ file }) => file.includes('one-provider-down'))!.plan!, 'tcp');
  } finally {
    net.Server.prototype.listen = real;
  }
  expect(ports).toBeGreaterThan(1);
});
