// The process that an external sender plays in: whatever happens to it is the failure of its scenario, and the
// run goes on.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FileOutput } from '../../../src/runner/executors/file-output.js';
import { WorkerPool, type WorkerPoolOptions } from '../../../src/runner/executors/pool.js';
import { plan } from '../../suite/plans.js';
import { moduleText, playOne, SCENARIO, workplace } from './external-module.js';

const FIXTURE = new URL('../executors/fixtures/job.mjs', import.meta.url);
const sender = { file: '/mine.js', name: './mine.js', location: { file: 'a.yaml', line: 2, column: 9 } };

const pools: WorkerPool[] = [];
function pool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  const made = new WorkerPool({ workers: 1, wallLimitMs: 20_000, graceMs: 0, module: FIXTURE, ...options });
  pools.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((one) => one.stop()));
});

const outputs = { events: new FileOutput('unused') };

describe('a process that ends', () => {
  const AT_FAULT = 'the sender ./mine.js is at fault: its process ended: ';
  test.each([
    ['throw', 'failed', `${AT_FAULT}it exited with code 1`, undefined],
    ['exit', 'failed', `${AT_FAULT}it exited with code 3`, undefined],
    ['exit-0', 'failed', `${AT_FAULT}it exited with code 0`, undefined],
    ['kill', 'failed', `${AT_FAULT}it was ended by the signal SIGKILL`, undefined],
    ['memory', 'failed', `${AT_FAULT}it ran out of memory`, 'max-old-space-size'],
    ['spin', 'failed', 'is at fault: it kept its process busy: it used more than 500ms', '--timeout'],
    ['write', 'failed', `${AT_FAULT}something other than Bouncelab wrote to the pipe`, undefined],
    ['fail', 'error', 'internal error: no luck', 'the sender ./mine.js plays in the same process'],
  ])('%s: %s, and the next scenario is played', async (name, status, message, hint) => {
    const one = pool({
      wallLimitMs: name === 'spin' ? 500 : 20_000,
      resourceLimits: { maxOldGenerationSizeMb: 16 },
    });
    const result = await one.play({ plan: plan(name, { sender }) }, outputs);
    expect(result).toMatchObject({ status });
    expect(result!.failures[0]!.message).toContain(message);
    expect(result!.failures[0]!.hint ?? '').toContain(hint ?? '');
    expect(await one.play({ plan: plan('pass', { sender }) }, outputs)).toMatchObject({ status: 'passed' });
  });

  test('sends its reports first', async () => {
    const seen: unknown[] = [];
    await pool().play({ plan: plan('progress', { sender }) }, outputs, (progress) => seen.push(progress));
    expect(seen).toEqual([{ virtualMs: 60_000, attempts: 7 }]);
  });

  test('is not used again, and ends with the pool', async () => {
    const one = pool();
    const played = await Promise.all([1, 2].map(() => one.play({ plan: plan('pid', { sender }) }, outputs)));
    const [first, second] = played.map((result) => Number(result!.fingerprint));
    expect(first).not.toBe(second);
    const running = one.play({ plan: plan('spin', { sender }) }, outputs);
    await one.stop();
    expect(await running).toBeUndefined();
    for (const pid of [first!, second!]) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('a run', () => {
  test('goes on when a sender blocks its process, and says what is at fault', async () => {
    const ran = await playOne('return { send() { for (;;) {} } };', ['--timeout', '2s']);
    expect(ran.code).toBe(1);
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain('it kept its process busy: it used more than 2s');
  });

  test('goes on when its process is killed from outside', async () => {
    const place = workplace();
    const waits = moduleText(
      `const { existsSync, renameSync, writeFileSync } = fs;
      const file = new URL('pid', import.meta.url);
      if (!existsSync(file)) {
        writeFileSync(new URL('pid.tmp', import.meta.url), String(process.pid));
        renameSync(new URL('pid.tmp', import.meta.url), file);
        for (;;) {}
      }
      return { send: async ({ name, contacts }) => { for (const { address } of contacts) await mail(name, address); } };`,
    );
    place.write({
      'package.json': '{ "type": "module" }',
      'mine.js': `import fs from 'node:fs';\n${waits}`,
      'a.yaml': SCENARIO,
      'b.yaml': SCENARIO.replace('one contact', 'another'),
    });
    const playing = place.run(['run', '.', '--sender', 'mine.js', '--workers', '1']);
    const file = join(place.dir, 'pid');
    while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
    process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
    const ran = await playing;
    expect(ran.code).toBe(1);
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain('it was ended by the signal SIGKILL');
    expect(place.lastRun().scenarios.map(({ status }) => status)).toEqual(['failed', 'passed']);
  });
});

describe('NODE_OPTIONS', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['--import=', ''],
    ['--import ', ''],
    ['--loader ', '"'],
  ])('load what %s names, but for loaders of TypeScript', async (option, quote) => {
    const place = workplace();
    place.write({
      'package.json': '{ "type": "module" }',
      'mine.ts':
        "export const createSender = () => ({ send({}: object): void { throw new Error('no luck'); } });",
      'a.yaml': SCENARIO,
      'tsx/loader.mjs': "throw new Error('loaded');",
      'kept.cjs': "require('node:fs').writeFileSync(__dirname + '/kept.txt', '');",
    });
    const loader = pathToFileURL(place.path('tsx/loader.mjs')).href;
    vi.stubEnv('NODE_OPTIONS', `${option}${quote}${loader}${quote} --require "${place.path('kept.cjs')}"`);
    const { stdout } = await place.run(['run', 'a.yaml', '--sender', 'mine.ts']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('send(november) failed: no luck');
    expect(existsSync(place.path('kept.txt'))).toBe(true);
  });
});
