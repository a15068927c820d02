// `npm run bench:kill`: kills a sender with SIGKILL at many random points of a mailing over TCP, starts another
// one on its store each time, and compares the messages that the server accepted with the final content of
// the store. The server runs in this process, which is not killed. A seed determines the points.
//
//   node bench/kill/run.mjs [--kills 200] [--contacts 2000] [--per-mailing 10] [--seed 1] [--outlives process]

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { openSqliteStore, seededRandom } from '../../dist/index.js';
import { fateOf, startServer } from './server.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    contacts: { type: 'string', default: '2000' },
    'per-mailing': { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    outlives: { type: 'string', default: 'process' },
  },
});
const KILLS = Number(values.kills);
const CONTACTS = Number(values.contacts);
const PER_MAILING = Number(values['per-mailing']);
const CHILD = fileURLToPath(new URL('sender.mjs', import.meta.url));

const PROBLEMS_SHOWN_MAX = 20;

/** Approximate number of steps of one message on the server: connection, MAIL, RCPT, DATA, dot, reply. */
const STEPS_A_CONTACT = 5;

const random = seededRandom(values.seed);
const folder = mkdtempSync(path.join(tmpdir(), 'bouncelab-kill-'));
const figures = {
  mailings: 0,
  kills: 0,
  accepted: 0,
  twice: 0,
  unknown: 0,
  unknownNotTaken: 0,
  interrupted: 0,
};
const where = new Map();
const problems = [];

try {
  while (figures.kills < KILLS && problems.length === 0) await playMailing(figures.mailings++);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const sorted = [...where].sort(([, a], [, b]) => b - a).map(([step, count]) => `${step} ${count}`);
console.log(
  `${figures.kills} kills in ${figures.mailings} mailings of ${CONTACTS} contacts, seed ${values.seed}`,
);
console.log(`  last step on the server before the kill: ${sorted.join(', ')}`);
console.log(`  attempts interrupted before the final dot     ${figures.interrupted}`);
console.log(`  attempts interrupted after it, result unknown ${figures.unknown}`);
console.log(`  messages accepted                             ${figures.accepted}`);
console.log(`  accepted twice, all after an unknown result   ${figures.twice}`);
for (const problem of problems.slice(0, PROBLEMS_SHOWN_MAX)) console.log(`WRONG: ${problem}`);
if (problems.length > PROBLEMS_SHOWN_MAX) console.log(`and ${problems.length - PROBLEMS_SHOWN_MAX} more`);
if (problems.length > 0) process.exitCode = 1;
else console.log('every contact has one result, no message was lost, none was accepted twice without cause');

async function playMailing(number) {
  const file = path.join(folder, `${number}.db`);
  const server = await startServer();
  const goal = Math.min(PER_MAILING, KILLS - figures.kills);
  const stepsMax = Math.ceil((2 * CONTACTS * STEPS_A_CONTACT) / (goal + 1));
  try {
    for (let kills = 0, generation = 0; ; generation++) {
      const draw = (what) => random.fraction(what, number, generation);
      const isLast = kills === goal;
      const point = isLast
        ? undefined
        : draw('by time') < 0.15
          ? { ms: Math.floor(draw('ms') * 600) }
          : { steps: Math.floor(draw('steps') * stepsMax) };
      const end = await runSender(file, server, generation, point);
      if (end.restarted) {
        figures.interrupted += end.restarted.interrupted;
        figures.unknown += end.restarted.unknown;
      }
      if (end.killed) {
        kills++;
        figures.kills++;
        where.set(end.lastStep, (where.get(end.lastStep) ?? 0) + 1);
        continue;
      }
      if (end.code !== 0) problems.push(`the sender ended with ${end.code}: ${end.said}`);
      break;
    }
    await check(file, server);
  } finally {
    await server.close();
  }
}

/** Runs a sender until it ends, or kills it at the given point. */
function runSender(file, server, generation, point) {
  return new Promise((resolve) => {
    const args = [CHILD, file, String(server.port), String(CONTACTS), String(generation), values.outlives];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let killed = false;
    let lastStep = 'nothing';
    let steps = 0;
    const kill = () => {
      if (killed || child.exitCode !== null) return;
      killed = child.kill('SIGKILL');
    };
    let timer;
    if (point?.ms !== undefined) timer = setTimeout(kill, point.ms);
    server.onStep = (step) => {
      if (!killed) lastStep = step;
      if (steps++ === point?.steps) kill();
    };
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const line = said.split('\n').find((text) => text.startsWith('restarted '));
      const restarted = line && JSON.parse(line.slice('restarted '.length));
      resolve({ code, killed: signal === 'SIGKILL', lastStep, said, restarted });
    });
  });
}

/** Compares the messages that the server accepted with the content of the store. */
async function check(file, server) {
  // Connections of a killed sender may still deliver a complete message.
  await server.settled();
  const store = await openSqliteStore(file);
  const { contacts, past, deliveries } = store.load();
  store.close();
  const contactByKey = new Map([...contacts].map((contact) => [contact.address, contact]));
  const pastByKey = Map.groupBy ? Map.groupBy(past, ({ contact }) => contact) : groupBy(past);
  const byKey = new Map([...deliveries].map((delivery) => [delivery.contact, delivery]));
  if (byKey.size !== CONTACTS || contactByKey.size !== CONTACTS)
    problems.push(`${contactByKey.size} contacts and ${byKey.size} deliveries of ${CONTACTS}`);
  for (let n = 1; n <= CONTACTS; n++) {
    const address = `reader-${n}@example.org`;
    const delivery = byKey.get(address);
    const accepted = server.accepted.get(address) ?? [];
    const ends = (pastByKey.get(address) ?? []).map((record) => record.past.what);
    const fate = fateOf(address);
    const wrong = (what) => problems.push(`${address}, who is ${fate.end}: ${what}`);
    if (delivery?.state !== fate.end) wrong(`the store says ${delivery?.state}`);
    if (ends.length !== 1 || ends[0] !== fate.end) wrong(`its history is [${ends.join(', ')}]`);
    if (delivery?.running) wrong('an attempt is still marked as running');
    const { status, softBounceStreak } = contactByKey.get(address) ?? {};
    if (status !== fate.status || softBounceStreak !== fate.streak)
      wrong(`it is ${status} with a streak of ${softBounceStreak}`);
    figures.accepted += accepted.length;
    if (fate.end === 'delivered' && accepted.length === 0) wrong('no server ever took its message: lost');
    if (fate.end !== 'delivered' && accepted.length > 0) wrong('a server took its message');
    if (accepted.length < 2) continue;
    figures.twice += accepted.length - 1;
    if (accepted.length - 1 > (delivery?.unknown ?? 0))
      wrong(`taken ${accepted.length} times with ${delivery?.unknown} unknown ends`);
    if (new Set(accepted).size < accepted.length) wrong('one sender sent it twice');
  }
}

function groupBy(records) {
  const groups = new Map();
  for (const record of records) {
    const group = groups.get(record.contact);
    if (group) group.push(record);
    else groups.set(record.contact, [record]);
  }
  return groups;
}
