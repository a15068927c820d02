// What `npm run bench` measures: each entry compares two sides in rounds that alternate, so that whatever slows the
// machine for a while slows both. A figure is the median of the ratios of pairs.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WorkerPool } from '../dist/runner/executors/pool.js';
import { bareLoop } from './bare-loop.mjs';
import { engine, mailing } from './engine.mjs';
import { peers } from './peers.mjs';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REFUSED = 4000;
const ACCEPTED = 20_000;
const CONNECTIONS = 5;
const FULL_MAILBOXES = REFUSED / 4;
const WALL_LIMIT_MS = 10 * 60_000;

const refused = (options = {}) => engine(mailing({ contacts: FULL_MAILBOXES, ...options }), REFUSED);
const accepted = (options = {}) =>
  engine(mailing({ contacts: ACCEPTED, refuse: false, ...options }), ACCEPTED);

/** Wall milliseconds of a process. */
function process_(args) {
  const started = performance.now();
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
  return performance.now() - started;
}

/** Wall milliseconds of two halves of the accepted messages in worker threads that have played before. */
function inThreads(workers) {
  const pool = new WorkerPool({ workers, wallLimitMs: WALL_LIMIT_MS });
  const half = () => play(pool, mailing({ contacts: ACCEPTED / 2, refuse: false }));
  return {
    async measure() {
      const started = performance.now();
      if (workers === 1) for (let index = 0; index < 2; index++) await half();
      else await Promise.all([half(), half()]);
      return performance.now() - started;
    },
    end: () => pool.stop(),
  };
}

async function play(pool, plan) {
  const nothing = { write: () => undefined, close: () => undefined };
  const result = await pool.play({ plan }, { events: nothing });
  if (result?.status !== 'passed')
    throw new Error(`a scenario of the benchmark ${result?.status ?? 'was stopped'}`);
}

/** A scenario of a hundred contacts and 29 hours, in a thread: wall milliseconds that it gives itself. */
async function hundredContacts(pool) {
  const plan = mailing({ contacts: 100, attempts: 58, fault: 'down' });
  const nothing = { write: () => undefined, close: () => undefined };
  return (await pool.play({ plan }, { events: nothing })).wallMs;
}

async function inFreshThread() {
  const pool = new WorkerPool({ workers: 1, wallLimitMs: WALL_LIMIT_MS });
  try {
    return await hundredContacts(pool);
  } finally {
    await pool.stop();
  }
}

async function bytesPerContact(contacts) {
  const script =
    `const { engine, mailing } = await import(${JSON.stringify(new URL('./engine.mjs', import.meta.url).href)});` +
    `await engine(mailing({ contacts: ${contacts} }), ${4 * contacts});` +
    'console.log(process.resourceUsage().maxRSS * 1024)';
  const args = ['--input-type=module', '-e', script];
  return Number(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }));
}

/**
 * Each: its key, what is compared, and a function that gives the two sides (`a`, `b`) and how the figure comes from a
 * pair. `higher` says which way is better.
 */
export function measures() {
  const warm = new WorkerPool({ workers: 1, wallLimitMs: WALL_LIMIT_MS });
  const one = inThreads(1);
  const two = inThreads(2);
  const list = [
    ratio(
      'refused',
      'refused on the memory wire / bare libraries',
      true,
      () => bareLoop(REFUSED, CONNECTIONS, true),
      () => refused(),
    ),
    ratio(
      'accepted',
      'accepted on the memory wire / bare libraries',
      true,
      () => bareLoop(ACCEPTED, CONNECTIONS, false),
      () => accepted(),
    ),
    ratio(
      'refusedTcp',
      'refused: TCP wire / memory wire',
      true,
      () => refused(),
      () => refused({ wire: 'tcp' }),
    ),
    ratio(
      'virtualTime',
      'an attempt every 30 minutes / every second',
      true,
      () => refused({ interval: '1s' }),
      () => refused(),
    ),
    ratio(
      'size',
      'attempts per second: 8 times the contacts / once',
      true,
      async () => (await refused()) * 8,
      () => engine(mailing({ contacts: 8 * FULL_MAILBOXES }), 8 * REFUSED),
    ),
    ratio('workers', 'two workers / one', true, one.measure, two.measure),
    ...peers(ACCEPTED).map(({ key, name, send }) => ratio(key, name, true, send, two.measure)),
    difference(
      'version',
      '`--version` after `node -e 0`, ms',
      () => process_(['-e', '0']),
      () => process_([MAIN, '--version']),
    ),
    difference(
      'list',
      '`list` of the shipped suite after `node -e 0`, ms',
      () => process_(['-e', '0']),
      () => process_([MAIN, 'list']),
    ),
    value('firstRun', '100 contacts, 29 hours: first run in a thread, ms', inFreshThread),
    value('laterRun', '100 contacts, 29 hours: later runs, ms', () => hundredContacts(warm)),
    value(
      'bytesPerContact',
      'memory of a contact refused 4 times, bytes',
      async () => ((await bytesPerContact(6000)) - (await bytesPerContact(1000))) / 5000,
    ),
  ];
  return { list, end: () => Promise.all([warm.stop(), one.end(), two.end()]) };
}

/** The rate of `b` as a part of that of `a`, from the times of both. */
function ratio(key, name, higher, a, b) {
  return { key, name, higher, digits: 2, once: async () => (await a()) / (await b()) };
}

function difference(key, name, a, b) {
  return { key, name, higher: false, digits: 0, once: async () => -(await a()) + (await b()) };
}

function value(key, name, measure) {
  return { key, name, higher: false, digits: 0, once: measure };
}
