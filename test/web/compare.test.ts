// The page of a comparison in a real browser, opened from disk: no requests, the figures of the JSON, narrow
// screens, accessibility, and hostile text.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/program.js';
import type { Comparison } from '../../src/results/comparison/comparison.js';
import { TestScreen } from '../cli/harness.js';
import { HOSTILE, packed } from '../reporters/hostile.js';
import { executablePath, seriousViolations, startBrowser, watchPage } from './browser.js';

const NAME = HOSTILE.map(({ text }) => text).join(' ');
const SCENARIO = `name: ${JSON.stringify(NAME)}
fleet:
  yahoo.test: { behaviors: [{ during: 0h..3h, do: down }] }
  example.org: {}
audience:
  contacts: [ann@example.org, bob@yahoo.test, cid-first@yahoo.test, cid-other@yahoo.test]
mailings:
  - name: november
expect:
  - at: end
    november: { inProgress: 0 }
`;

describe.skipIf(executablePath === undefined)('the page of a comparison', () => {
  let dir: string;
  let url: string;
  let comparison: Comparison;
  let context: BrowserContext;
  let page: Page;
  let watched: ReturnType<typeof watchPage>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bouncelab-compare-page-'));
    writeFileSync(join(dir, 'down.yaml'), SCENARIO);
    const stdout = new TestScreen();
    const policies = ['emma', 'four-attempts', 'thirty-hours'].flatMap((name) => ['--policy', name]);
    await main(['compare', 'down.yaml', ...policies, '--json', '--html', '--workers', '1'], {
      cwd: dir,
      env: {},
      stdout,
      stderr: new TestScreen(),
      stdin: new PassThrough(),
      signal: new AbortController().signal,
    });
    comparison = JSON.parse(stdout.text) as Comparison;
    url = pathToFileURL(join(dir, 'compare.html')).href;
    context = await startBrowser(join(dir, 'profile'));
    page = await context.newPage();
    watched = watchPage(page);
  }, 120_000);

  afterAll(async () => {
    await context?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = async (): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(url);
    await page.waitForSelector('main');
  };

  test('opens from disk without any request', async () => {
    await open();
    expect(await page.textContent('h1')).toBe('emma · four-attempts · thirty-hours');
    expect(watched.requests.filter((one) => !one.startsWith('file:') && !one.startsWith('about:'))).toEqual(
      [],
    );
    expect(watched.errors).toEqual([]);
  });

  test('has the totals of the JSON', async () => {
    await open();
    const rows = await page.locator('table[aria-label="Totals"] tbody tr').all();
    const cells = await Promise.all(rows.map((row) => row.locator('td').allTextContents()));
    const figure = (label: string): number[] =>
      cells
        .find(([first]) => first === label)!
        .slice(1)
        .map((text) => Number.parseFloat(text));
    expect(figure('delivered')).toEqual(comparison.sum.map(({ delivered }) => delivered));
    expect(figure('soft bounced')).toEqual(comparison.sum.map(({ soft }) => soft));
    expect(figure('attempts')).toEqual(comparison.sum.map(({ attempts }) => attempts));
    expect(figure('connections')).toEqual(comparison.sum.map(({ connections }) => connections));
    expect(figure('hours')).toEqual(comparison.sum.map(({ hours }) => hours));
    expect(comparison.sum[0]!.delivered).not.toBe(comparison.sum[1]!.delivered);
    expect(await page.textContent('main')).toContain(`${comparison.differing} contacts end differently`);
  });

  test('shows hostile text as text', async () => {
    await open();
    const text = packed((await page.textContent('main')) ?? '');
    for (const { seen } of HOSTILE) expect(text).toContain(packed(seen));
    expect(await page.locator('main img, main script, main b b').count()).toBe(0);
    expect(await page.evaluate('globalThis.ran')).toBeUndefined();
  });

  test.each(['light', 'dark'] as const)(
    'has no serious violation of accessibility, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await open();
      expect(await seriousViolations(page)).toEqual([]);
    },
  );

  test.each([360, 930, 1280])('breaks no domain, address or state at a width of %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    await open();
    const texts = await page.locator('.ends .place, .ends .whole').all();
    expect(texts.length).toBeGreaterThan(5);
    const heights = await Promise.all(texts.map(async (text) => (await text.boundingBox())!.height));
    expect(new Set(heights).size).toBe(1);
  });

  test('fits a width of 360 pixels without scrolling sideways', async () => {
    await page.setViewportSize({ width: 360, height: 800 });
    await open();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });
});
