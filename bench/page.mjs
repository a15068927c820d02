// `npm run bench:page`: the time until the page of a run is painted in Chromium, for mailings of 10,000 and
// 50,000 contacts over 30 hours and for the whole suite; the time of a filter, a search and the history of a
// contact; and the cost of the page for a run. Slow results do not fail the command.

/* global requestAnimationFrame -- used inside the page */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ROUNDS = 5;
const PAIRS = 3;
const executablePath = process.env.BOUNCELAB_CHROMIUM ?? '/usr/bin/chromium';

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (value) => `${Math.round(value).toLocaleString('en-US')} ms`.padStart(10);
const mb = (file) => `${(statSync(file).size / 1e6).toFixed(1)} MB`;

/** A mailing with a tenth each of full mailboxes, servers down, unknown users and busy servers. */
const mailing = (contacts) => `name: A mailing of ${contacts} over thirty hours
policy: emma
fleet:
  fine.test: {}
  full.test: { behaviors: [mailbox-full] }
  down.test: { behaviors: [down] }
  ghost.test: { behaviors: [nonexistent-user] }
  busy.test: { behaviors: [{ do: busy, stage: rcpt, attempts: 1..2 }] }
audience:
  generate:
    - { count: ${contacts * 0.6}, at: fine.test, prefix: reader }
${['full', 'down', 'ghost', 'busy'].map((name) => `    - { count: ${contacts * 0.1}, at: ${name}.test, prefix: reader }`).join('\n')}
mailings: [{ name: november }]
expect: [{ at: end, november: { inProgress: 0 } }]
`;

const dir = mkdtempSync(join(tmpdir(), 'bouncelab-bench-'));
const run = (cwd, args) =>
  execFileSync(
    process.execPath,
    [MAIN, 'run', '--output', join(dir, 'reports'), '--timeout', '10m', ...args],
    {
      cwd,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
const context = await chromium.launchPersistentContext(join(dir, 'profile'), {
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
});
const page = await context.newPage();

/** Milliseconds from the start of the navigation until the page has been painted. */
async function open(url) {
  await page.goto('about:blank');
  await page.goto(url);
  await page.waitForSelector('main');
  return page.evaluate(
    () =>
      new Promise((done) =>
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))),
      ),
  );
}

/** Milliseconds from an action until its result is painted, measured in the page without protocol overhead. */
const action = (code) =>
  page.evaluate(
    (text) =>
      new Promise((done) => {
        const from = performance.now();
        new Function(text)();
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - from)));
      }),
    code,
  );

async function medianOf(measure) {
  const values = [];
  for (let round = 0; round < ROUNDS; round++) values.push(await measure());
  return median(values);
}

async function look(label, file, scenario) {
  const url = pathToFileURL(file).href;
  console.log(`${label}: index.html of ${mb(file)}`);
  console.log(`  opens ${ms(await medianOf(() => open(url)))}`);
  if (!scenario) {
    await open(url);
    const search = `const s = document.querySelector('#search'); s.value = 'full'; s.dispatchEvent(new Event('input'))`;
    console.log(`  search ${ms(await action(search))}`);
    return;
  }
  console.log(`  opens at its scenario ${ms(await medianOf(() => open(`${url}#/s/0`)))}`);
  const filter = `document.querySelector('[data-filter="trouble"]').click()`;
  const search = `const s = document.querySelector('input[type=search]'); s.value = 'reader-99'; s.dispatchEvent(new Event('input'))`;
  const history = `document.querySelector('#contacts a').click()`;
  console.log(
    `  filter ${ms(await action(filter))}, search ${ms(await action(search))}, history ${ms(await action(history))}`,
  );
  await open(`${url}#/s/0`);
  const notes = await page.locator('.note').allTextContents();
  if (notes.length > 0) console.log(`  says: ${notes.join(' ')}`);
}

try {
  for (const contacts of [10_000, 50_000]) {
    writeFileSync(join(dir, 'mailing.yaml'), mailing(contacts));
    run(dir, ['mailing.yaml', '--workers', '1']);
    await look(
      `${contacts.toLocaleString('en-US')} contacts`,
      join(dir, 'reports', 'latest', 'index.html'),
      true,
    );
  }
  const walls = { with: [], without: [] };
  for (let round = 0; round < PAIRS; round++) {
    for (const kind of round % 2 === 0 ? ['with', 'without'] : ['without', 'with']) {
      const from = performance.now();
      run(ROOT, kind === 'with' ? [] : ['--no-html']);
      walls[kind].push(performance.now() - from);
      if (kind === 'with' && round === 0)
        await look('the suite', join(dir, 'reports', 'latest', 'index.html'), false);
    }
  }
  const ratio = median(walls.with.map((value, index) => value / walls.without[index]));
  console.log(
    `the suite with its page ${ms(median(walls.with))}, without ${ms(median(walls.without))}, ratio of pairs ${ratio.toFixed(2)}`,
  );
} finally {
  await context.close();
  rmSync(dir, { recursive: true, force: true });
}
