// `npm run bench:growth [-- [--runs N] NAME...]`: how the cost of `bouncelab run` grows with the size of a
// scenario, one size at a time, each doubled three times. A factor well over 2 for a doubling shows work that is
// quadratic. The figures are CPU time of the process, the least of several runs, without what an empty scenario
// costs, so that other work on the machine changes them little.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const FACTOR_MAX = 2.3;
const DOUBLINGS = 3;
const ONCE = 'policy: { retry: { attempts: 1, counting: total } }';

const times = (count, line) => Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** What is doubled: the first size, and the files of a size, by name. */
const SIZES = {
  contacts: [
    8000,
    (count) => ({
      'one.yaml': `name: contacts
${ONCE}
fleet: { a.test: { behaviors: [mailbox-full] } }
audience: { generate: [{ count: ${count}, at: a.test }] }
mailings: [{ name: one }]
expect: [{ at: end, one: { bounced: { soft: ${count} } } }]
`,
    }),
  ],
  mailings: [
    125,
    (count) => ({
      'one.yaml': `name: mailings
fleet: { a.test: {} }
audience: { generate: [{ count: 50, at: a.test }] }
mailings:
${times(count, (index) => `  - { name: m-${index}, at: ${Math.floor(index / 2)}m }`)}
expect: [{ at: end, m-0: { delivered: 50 } }]
`,
    }),
  ],
  returned: [
    125,
    (count) => ({
      'one.yaml': `name: returned
fleet: { a.test: { behaviors: [{ do: return-later, after: ${count}m, status: 4.2.2 }] } }
audience: { generate: [{ count: 50, at: a.test }] }
mailings:
${times(count, (index) => `  - { name: m-${index}, at: ${index}s }`)}
expect: [{ at: end, m-0: { lateBounces: 50 } }]
`,
    }),
  ],
  domains: [
    1000,
    (count) => ({
      'one.yaml': `name: domains
${ONCE}
fleet:
${times(count, (index) => `  d-${index}.test: { behaviors: [mailbox-full] }`)}
audience:
  generate:
${times(count, (index) => `    - { count: 2, at: d-${index}.test }`)}
mailings: [{ name: one }]
expect: [{ at: end, one: { bounced: { soft: ${2 * count} } } }]
`,
    }),
  ],
  scenarios: [
    250,
    (count) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `s-${index}.yaml`,
          `name: Scenario ${index}
fleet: { a.test: { behaviors: [mailbox-full] } }
audience: { contacts: [bob@a.test] }
mailings: [{ name: one }]
expect: [{ at: end, one: { inProgress: 0 } }]
`,
        ]),
      ),
  ],
  causes: [
    125,
    (count) => ({
      'one.yaml': `name: causes
policy:
  retry: { attempts: 1, counting: total }
  causes:
${times(count, (index) => `    - { cause: spam-block, text: 'no such wording ${index} (here|there)' }`)}
fleet:
  a.test:
    behaviors: [{ do: reply, code: 450, text: 'come back in a while', stage: rcpt }]
audience: { generate: [{ count: 2000, at: a.test }] }
mailings: [{ name: one }]
expect: [{ at: end, one: { bounced: { soft: 2000 } } }]
`,
    }),
  ],
  mailboxes: [
    2000,
    (count) => ({
      'one.yaml': `name: mailboxes
${ONCE}
fleet:
  a.test:
    mailboxes:
${times(count, (index) => `      ${index % 2 === 0 ? `reader-${index + 1}` : `group-${index}-*`}: mailbox-full`)}
audience: { generate: [{ count: ${count}, at: a.test }] }
mailings: [{ name: one }]
expect: [{ at: end, one: { inProgress: 0 } }]
`,
    }),
  ],
  events: [
    500,
    (count) => ({
      'one.yaml': `name: events
fleet: { a.test: {}, b.test: {} }
audience: { generate: [{ count: 50, at: a.test }, { count: 50, at: b.test }] }
mailings: [{ name: one, at: 1h }]
events:
${times(count, (index) => {
  const who = `reader-${1 + (index % 50)}@a.test`;
  const at = `at: ${index}s`;
  return [
    `  - { ${at}, opt-out: ${who} }`,
    `  - { ${at}, subscribe: ${who} }`,
    `  - { ${at}, set: ${who}, behaviors: [${index % 2 === 0 ? 'mailbox-full' : 'nonexistent-user'}] }`,
    `  - { ${at}, add: new-${index}@b.test }`,
  ].join('\n');
})}
expect: [{ at: end, one: { inProgress: 0 } }]
`,
    }),
  ],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(SIZES, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; known: ${Object.keys(SIZES).join(', ')}`);
  process.exit(2);
}

const dir = mkdtempSync(join(tmpdir(), 'bouncelab-growth-'));
const meter = join(dir, 'meter.mjs');
const reading = join(dir, 'cpu.txt');
// Threads of the process are counted too.
writeFileSync(
  meter,
  `import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeFileSync(${JSON.stringify(reading)}, String((user + system) / 1e6));
});
`,
);

/** Seconds of CPU time for a run of these files. */
function cost(files) {
  const folder = join(dir, 'scenarios');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const args = ['run', folder, '--output', join(dir, 'reports'), '--workers', '1', '--timeout', '30m'];
  let least = Infinity;
  for (let run = 0; run < Number(values.runs); run++) {
    execFileSync(process.execPath, ['--import', meter, MAIN, ...args], {
      cwd: dir,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    least = Math.min(least, Number(readFileSync(reading, 'utf8')));
    rmSync(join(dir, 'reports'), { recursive: true });
  }
  return least;
}

const cell = (text) => String(text).padStart(8);
try {
  const nothing = cost(SIZES.scenarios[1](1));
  console.log(`an empty run: ${nothing.toFixed(2)} s of CPU time, left out below\n`);
  console.log(
    `${'doubled'.padEnd(10)}${cell('from')}${cell('to')}   seconds of CPU time at each size      factors`,
  );
  let highest = 0;
  for (const name of positionals.length > 0 ? positionals : Object.keys(SIZES)) {
    const [first, filesOf] = SIZES[name];
    const costs = Array.from(
      { length: DOUBLINGS + 1 },
      (_, step) => cost(filesOf(first * 2 ** step)) - nothing,
    );
    const factors = costs.slice(1).map((one, index) => one / costs[index]);
    highest = Math.max(highest, ...factors);
    const sizes = `${cell(first)}${cell(first * 2 ** DOUBLINGS)}`;
    console.log(
      `${name.padEnd(10)}${sizes}${costs.map((one) => cell(one.toFixed(2))).join('')}   ${factors.map((one) => one.toFixed(2)).join(' ')}`,
    );
  }
  console.log(
    `\nhighest factor ${highest.toFixed(2)}; up to ${FACTOR_MAX} is linear within the error of measurement`,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
