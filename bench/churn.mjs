// `npm run bench:churn`: 20,000 sessions of one message each against one fleet, twenty at a time.
// Afterwards memory has not grown, no handle is open, and no timer runs. Otherwise the command fails, unlike
// the other benchmarks.

import { VirtualClock } from '../dist/clock/virtual.js';
import { EventLog } from '../dist/events/log.js';
import { seededRandom } from '../dist/base/random.js';
import { World } from '../dist/simulator/world.js';

const SESSIONS = 20_000;
const AT_ONCE = 20;
/** Sessions before the first measurement of memory, until code is compiled and pools are filled. */
const WARM_UP = 4000;
const GROWTH_BYTES_MAX = 2 * 1024 * 1024;

const LINES = [
  'EHLO client.test',
  'MAIL FROM:<a@b.test>',
  'RCPT TO:<bob@example.org>',
  'DATA',
  'Hi\r\n.',
  'QUIT',
];

// Saved, because the virtual clock replaces it.
const realNow = process.hrtime.bigint;

/** Active resources of the process, counted by kind. */
function held() {
  const kinds = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

// Requests from loading modules end during these turns, and each output opens its pipe at the first write.
// Otherwise they would be counted as handles left open, or hide some.
process.stdout.write('');
process.stderr.write('');
for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
const heldBefore = held();
const clock = VirtualClock.install();
const counts = { opened: 0, closed: 0, accepted: 0 };
const log = new EventLog({
  now: () => clock.now(),
  readers: [
    ({ type }) => {
      if (type === 'connection.opened') counts.opened++;
      if (type === 'connection.closed') counts.closed++;
      if (type === 'message.accepted') counts.accepted++;
    },
  ],
});
const world = new World({
  clock,
  random: seededRandom('1'),
  emit: log.emit,
  fleet: { 'example.org': { behaviors: [], mailboxes: [] } },
  latencyMs: 5,
  clientAddress: '127.0.0.1',
});
const [{ exchange }] = await world.dns.resolveMx('example.org');
const [address] = await world.dns.resolve4(exchange);

/** One session: after each complete reply the next command is sent. */
function session() {
  return new Promise((resolve, reject) => {
    const socket = world.dial(address, 25);
    const lines = LINES[Symbol.iterator]();
    let pending = '';
    socket.setEncoding('latin1');
    socket.on('data', (bytes) => {
      pending += bytes;
      if (!/(?:^|\r\n)\d{3} [^\r\n]*\r\n$/.test(pending)) return;
      if (!/^[23]/.test(pending)) return reject(new Error(`the server said ${pending}`));
      pending = '';
      const { value, done } = lines.next();
      if (!done) socket.write(`${value}\r\n`);
    });
    socket.once('error', reject);
    socket.once('close', resolve);
  });
}

async function sessions(count) {
  let left = count;
  let over = false;
  let failure;
  const one = async () => {
    while (left-- > 0) await session();
  };
  const all = Promise.all(Array.from({ length: AT_ONCE }, one))
    .catch((error) => (failure = error))
    .finally(() => (over = true));
  await clock.run({ horizonMs: Infinity, done: () => over });
  await all;
  if (failure) throw failure;
}

function memory() {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const mb = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
const started = realNow();
await sessions(WARM_UP);
await clock.run({ horizonMs: Infinity });
const before = memory();
await sessions(SESSIONS - WARM_UP);
const end = await clock.run({ horizonMs: Infinity });
const after = memory();
clock.uninstall();
const seconds = Number(realNow() - started) / 1e9;
for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
const left = Object.entries(held()).flatMap(([kind, count]) => {
  const more = count - (heldBefore[kind] ?? 0);
  return more > 0 ? [`${more} ${kind}`] : [];
});

console.log(
  `${SESSIONS.toLocaleString('en-US')} sessions in ${seconds.toFixed(1)} s (${Math.round(SESSIONS / seconds).toLocaleString('en-US')}/s): ` +
    `${counts.accepted.toLocaleString('en-US')} messages accepted, ${counts.opened - counts.closed} connections left open`,
);
console.log(
  `memory ${mb(before)} after ${WARM_UP.toLocaleString('en-US')}, ${mb(after)} after all; handles left: ${left.join(', ') || 'none'}`,
);
const isClean =
  end === 'idle' &&
  counts.accepted === SESSIONS &&
  counts.opened === counts.closed &&
  left.length === 0 &&
  after - before <= GROWTH_BYTES_MAX;
if (!isClean) {
  console.error('the sessions left memory, handles or connections behind');
  process.exitCode = 1;
}
