// Plays the scenario that is explained: here with the built-in sender, and in a process of its own with an
// external one, which must not be able to end this process.

import type { RunEvent } from '../../events/types.js';
import { terminalLine } from '../../reporters/text.js';
import type { TextOutput } from '../../runner/executors/executor.js';
import { WorkerPool } from '../../runner/executors/pool.js';
import { runScenario } from '../../runner/run.js';
import type { ScenarioPlan } from '../../scenarios/plan.js';
import type { Io } from '../io.js';

/** Real time that a scenario with an external sender may use, ms. */
const WALL_LIMIT_MS = 120_000;

/**
 * Plays a scenario, to its end or until it is interrupted. A fault of an external sender is written to standard
 * error.
 *
 * @param read is called with each event
 */
export async function playExplained(
  plan: ScenarioPlan,
  io: Io,
  read: (event: RunEvent) => void,
): Promise<void> {
  if (!plan.sender) {
    await runScenario(plan, { onEvent: read });
    return;
  }
  const options = { workers: 1, wallLimitMs: WALL_LIMIT_MS };
  const executor = (io.createExecutor ?? ((settings) => new WorkerPool(settings)))(options);
  const interrupt = (): void => void executor.stop();
  io.signal.addEventListener('abort', interrupt, { once: true });
  try {
    const result = await executor.play({ plan }, { events: new EventLines(read) });
    const fault = result?.failures.find(({ message }) => message.includes(' is at fault: '));
    if (fault) io.stderr.write(`${terminalLine(fault.message)}\n`);
  } finally {
    io.signal.removeEventListener('abort', interrupt);
    await executor.stop();
  }
}

/** Reads events that come as NDJSON, in blocks of whole lines. */
class EventLines implements TextOutput {
  constructor(private readonly read: (event: RunEvent) => void) {}

  write(ndjson: string): void {
    for (const line of ndjson.split('\n')) if (line !== '') this.read(JSON.parse(line) as RunEvent);
  }

  close(): void {}
}
