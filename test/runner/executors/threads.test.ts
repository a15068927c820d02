import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BouncelabError } from '../../../src/base/errors.js';
import { ContactsFile } from '../../../src/results/contacts-file.js';
import { WorkerPool, type WorkerPoolOptions } from '../../../src/runner/executors/pool.js';
import type { JobOutputs, RunProgress, TextOutput } from '../../../src/runner/executors/executor.js';
import { FileOutput } from '../../../src/runner/executors/file-output.js';
import { plan } from '../../suite/plans.js';
import { plan as planOf, readers } from '../../support/plans.js';

const FIXTURE = new URL('fixtures/job.mjs', import.meta.url);
const pools: WorkerPool[] = [];

function pool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  const made = new WorkerPool({
    workers: 1,
    wallLimitMs: 20_000,
    graceMs: 0,
    module: FIXTURE,
    ...options,
  });
  pools.push(made);
  return made;
}

const play = (from: WorkerPool, name: string, onProgress?: (progress: RunProgress) => void) =>
  from.play({ plan: plan(name) }, { events: new FileOutput('unused') }, onProgress);

afterEach(async () => {
  await Promise.all(pools.splice(0).map((one) => one.stop()));
});

describe('worker pool', () => {
  it('returns the result, and reports progress before it', async () => {
    const seen: RunProgress[] = [];
    const result = await play(pool(), 'progress', (progress) => seen.push(progress));
    expect(result).toMatchObject({ status: 'passed', file: 'progress.yaml' });
    expect(seen).toEqual([{ virtualMs: 60_000, attempts: 7 }]);
  });

  it('uses a thread again after a scenario that ended, and not otherwise', async () => {
    const one = pool();
    const first = await play(one, 'pass');
    const second = await play(one, 'pass');
    expect(second!.fingerprint).toBe(first!.fingerprint);
    expect(await play(one, 'inconclusive')).toMatchObject({ status: 'inconclusive' });
    expect((await play(one, 'pass'))!.fingerprint).not.toBe(first!.fingerprint);
  });

  it('plays several at once, each in its own thread', async () => {
    const two = pool({ workers: 2 });
    const [a, b] = await Promise.all([play(two, 'pass'), play(two, 'pass')]);
    expect(a!.fingerprint).not.toBe(b!.fingerprint);
  });

  it.each([
    ['throw', /ended: thrown out of nowhere/],
    ['throw-text', /ended: a bare text/],
    ['reject', /ended: nobody caught this/],
    ['exit', /ended: it exited with code 3/],
    ['fail', /^internal error: no luck$/],
  ])('a worker that does "%s" is an error of this scenario only', async (name, message) => {
    const one = pool();
    const other = play(pool(), 'pass');
    const result = await play(one, name);
    expect(result).toMatchObject({ status: 'error', name, seed: '42', policy: 'emma', fingerprint: '' });
    expect(result!.failures).toHaveLength(1);
    expect(result!.failures[0]).toMatchObject({ file: `${name}.yaml`, line: 1, column: 1 });
    expect(result!.failures[0]!.message).toMatch(message);
    expect(result!.failures[0]!.hint).toContain('bug in Bouncelab');
    expect(await other).toMatchObject({ status: 'passed' });
    expect(await play(one, 'pass')).toMatchObject({ status: 'passed' });
  });

  it('keeps the hint of an error that is not a bug in Bouncelab', async () => {
    const result = await play(pool(), 'full');
    expect(result!.failures[0]).toMatchObject({ message: 'cannot write x: no space', hint: 'make room' });
  });

  it('reports a worker that ran out of memory', async () => {
    const result = await play(pool({ resourceLimits: { maxOldGenerationSizeMb: 16 } }), 'memory');
    expect(result).toMatchObject({ status: 'error' });
    expect(result!.failures[0]!.message).toContain('out of memory');
    expect(result!.failures[0]!.hint).toContain('--max-old-space-size');
  });

  it('stops a scenario that spins, as inconclusive, and uses another thread', async () => {
    const one = pool({ wallLimitMs: 500 });
    const result = await play(one, 'spin');
    expect(result).toMatchObject({ status: 'inconclusive', virtualMs: 7_200_000 });
    expect(result!.wallMs).toBeGreaterThanOrEqual(500);
    expect(result!.failures[0]!.message).toMatch(/more than 500ms of real time .* virtual time was at 2h00m/);
    expect(result!.failures[0]!.hint).toContain('--timeout');
    expect(await play(one, 'pass')).toMatchObject({ status: 'passed' });
  });

  it('gives each of two runs the whole time limit', async () => {
    const one = pool({ wallLimitMs: 500, checkDeterminism: true });
    const result = await play(one, 'spin-when-repeated');
    expect(result).toMatchObject({ status: 'inconclusive' });
    expect(result!.failures[0]!.message).toContain('it used more than 500ms of real time');
    expect(await play(one, 'pass')).toMatchObject({ status: 'passed' });
  });

  it('does not count the start of a worker as time of the scenario', async () => {
    const slow = pool({ module: new URL('slow-job.mjs', FIXTURE), wallLimitMs: 500 });
    expect(await play(slow, 'pass')).toMatchObject({ status: 'passed' });
  });

  it('replaces a thread that ended while it waited', async () => {
    let log: (text: string) => void;
    const told = new Promise<string>((resolve) => (log = resolve));
    const one = pool({ log: (text) => log(text) });
    await play(one, 'pass-then-die');
    expect(await told).toBe('a worker ended while it waited: it exited with code 9');
    expect(await play(one, 'pass')).toMatchObject({ status: 'passed' });
  });

  it('stops a running scenario, without a result', async () => {
    const one = pool();
    const running = play(one, 'spin');
    await one.stop();
    expect(await running).toBeUndefined();
    expect(await play(one, 'pass')).toBeUndefined();
  });

  it('captures what workers print, and shows it only for debugging', async () => {
    const log: string[] = [];
    const one = pool({ log: (text) => log.push(text) });
    await play(one, 'print-and-pass');
    await play(one, 'fail');
    await one.stop();
    expect(log.join('')).toContain('printed by a worker');
    expect(log.join('')).toContain('fixtures/job.mjs');
  });

  it('plays with the built module when no other is given', async () => {
    const real = new WorkerPool({ workers: 1, wallLimitMs: 20_000 });
    pools.push(real);
    const result = await real.play({ plan: plan('empty') }, { events: new FileOutput('/dev/null') });
    expect(result).toMatchObject({ status: 'passed', name: 'empty' });
    expect(result!.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });
});

/** An output that is not a file, as for an executor on another machine. */
class Memory implements TextOutput {
  readonly blocks: string[] = [];
  readonly closes: boolean[] = [];

  write(text: string): void {
    this.blocks.push(text);
  }

  close(isComplete: boolean): void {
    this.closes.push(isComplete);
  }

  get text(): string {
    return this.blocks.join('');
  }
}

describe('outputs of a job', () => {
  const sketch = planOf({ contacts: readers(700) });
  const real = (options: Partial<WorkerPoolOptions> = {}): WorkerPool => {
    const made = new WorkerPool({ workers: 1, wallLimitMs: 20_000, ...options });
    pools.push(made);
    return made;
  };

  it('are the same, written to files by the thread or sent by it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bouncelab-outputs-'));
    try {
      const files = {
        events: new FileOutput(join(folder, 'deep', 'events.ndjson')),
        view: new FileOutput(join(folder, 'view.json')),
        contacts: new ContactsFile(join(folder, 'contacts.csv')),
      };
      const sent = { events: new Memory(), view: new Memory(), contacts: new Memory() };
      const one = real();
      const [first, second] = [
        await one.play({ plan: sketch }, files),
        await one.play({ plan: sketch }, sent),
      ];
      expect(second!.fingerprint).toBe(first!.fingerprint);
      for (const name of ['events', 'view', 'contacts'] as const) {
        expect(sent[name].text).toBe(readFileSync(files[name].path, 'utf8'));
        expect(sent[name].closes).toEqual([true]);
      }
      // Events are sent while the run goes on: in blocks of whole lines, never as one text.
      expect(sent.events.blocks.length).toBeGreaterThan(5);
      for (const block of sent.events.blocks) expect(block.endsWith('\n')).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are only those that were asked for', async () => {
    const outputs: JobOutputs = { events: new Memory() };
    expect(await real().play({ plan: sketch }, outputs)).toMatchObject({ status: 'passed' });
    expect(Object.keys(outputs)).toEqual(['events']);
  });

  it('that are sent can be repeated and compared too, and leave nothing behind', async () => {
    const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('bouncelab-repeat-'));
    const before = leftovers();
    const events = new Memory();
    const result = await real({ checkDeterminism: true }).play({ plan: sketch }, { events });
    expect(result).toMatchObject({ status: 'passed', failures: [] });
    expect(events.closes).toEqual([true]);
    expect(leftovers()).toEqual(before);
  });

  it('of a scenario that was cut off are closed as incomplete', async () => {
    const events = new Memory();
    const result = await real({ wallLimitMs: 0, graceMs: 20_000 }).play({ plan: sketch }, { events });
    expect(result).toMatchObject({ status: 'inconclusive' });
    expect(events.closes).toEqual([false]);
  });

  it('that cannot be written end the job, with what to do about it', async () => {
    const events = new Memory();
    events.write = () => {
      throw new BouncelabError('E_OUTPUT', 'cannot write x: no space', { hint: 'make room' });
    };
    const one = real();
    const result = await one.play({ plan: sketch }, { events });
    expect(result).toMatchObject({ status: 'error' });
    expect(result!.failures[0]).toMatchObject({ message: 'cannot write x: no space', hint: 'make room' });
    expect(await one.play({ plan: sketch }, { events: new Memory() })).toMatchObject({ status: 'passed' });
  });
});
