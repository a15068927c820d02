// `npm run bench`: speed as ratios of two measurements in one run, which are comparable between machines. The two
// are measured alternately and their medians compared. Slow results do not fail the command.

import { bareLoop } from './bare-loop.mjs';
import { engine, fullMailboxes } from './engine.mjs';

const ROUNDS = 7;
const CONTACTS = 1000;
const ATTEMPTS = 4 * CONTACTS;
const CONNECTIONS = 5;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (value) => `${value.toFixed(0)} ms`;
const perSecond = (count, wallMs) => `${Math.round((count / wallMs) * 1000).toLocaleString('en-US')}/s`;

/** Measures both alternately. @returns both medians and the median of the ratios of pairs */
async function pairs(a, b) {
  await a();
  await b();
  const first = [];
  const second = [];
  for (let round = 0; round < ROUNDS; round++) {
    first.push(await a());
    second.push(await b());
  }
  return {
    a: median(first),
    b: median(second),
    ratio: median(first.map((value, index) => value / second[index])),
  };
}

async function wall(plan, expected) {
  const { wallMs, attempts } = await engine(plan);
  if (attempts !== expected) throw new Error(`${attempts} attempts were made, ${expected} were expected`);
  return wallMs;
}

const coldMs = await wall(fullMailboxes({ contacts: CONTACTS }), ATTEMPTS);
console.log(
  `${CONTACTS} contacts, each refused 4 times over SMTP (${ATTEMPTS} attempts), medians of ${ROUNDS} rounds`,
);
console.log(`  first run, cold      ${ms(coldMs)}`);

const speed = await pairs(
  () => bareLoop(ATTEMPTS, CONNECTIONS, true),
  () => wall(fullMailboxes({ contacts: CONTACTS }), ATTEMPTS),
);
console.log(`  bare library pair    ${ms(speed.a)}   ${perSecond(ATTEMPTS, speed.a)}`);
console.log(`  Bouncelab            ${ms(speed.b)}   ${perSecond(ATTEMPTS, speed.b)}`);
console.log(`  ratio                ${speed.ratio.toFixed(2)} of the bare loop`);

const time = await pairs(
  () => wall(fullMailboxes({ contacts: CONTACTS, intervalMs: 30 * 60_000 }), ATTEMPTS),
  () => wall(fullMailboxes({ contacts: CONTACTS, intervalMs: 1000 }), ATTEMPTS),
);
console.log('the same attempts with another interval');
console.log(`  every 30 min         ${ms(time.a)}`);
console.log(`  every second         ${ms(time.b)}`);
console.log(`  ratio                ${time.ratio.toFixed(2)}`);

const accepted = await pairs(
  () => bareLoop(CONTACTS, CONNECTIONS, false),
  () => wall(fullMailboxes({ contacts: CONTACTS, behaviors: [] }), CONTACTS),
);
console.log(`${CONTACTS} messages accepted`);
console.log(`  bare library pair    ${ms(accepted.a)}   ${perSecond(CONTACTS, accepted.a)}`);
console.log(`  Bouncelab            ${ms(accepted.b)}   ${perSecond(CONTACTS, accepted.b)}`);
console.log(`  ratio                ${accepted.ratio.toFixed(2)} of the bare loop`);
