// The page of a run of many scenarios in a real browser: it lists a part of them at a time, and finds them all.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HtmlReport } from '../../src/reporters/html/report.js';
import { runOf, scenario } from '../reporters/samples.js';
import { executablePath, startBrowser, watchPage } from './browser.js';

const COUNT = 1200;

describe.skipIf(executablePath === undefined)('the page of a run of 1,200 scenarios', () => {
  let dir: string;
  let context: BrowserContext;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bouncelab-many-'));
    const result = (nth: number) =>
      scenario({ file: `scenarios/theme-${nth % 2}/s-${nth}.yaml`, name: `Scenario ${nth}` });
    const run = runOf(Array.from({ length: COUNT }, (_, nth) => result(nth)));
    const none = (): string => join(dir, 'none');
    const file = join(dir, 'index.html');
    await new HtmlReport({ file, runId: 'many', eventsFile: none, viewFile: none }).onRunEnd(run);
    context = await startBrowser(join(dir, 'profile'));
  }, 120_000);

  afterAll(async () => {
    await context?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('lists 500 of them, more on demand, and finds each', async () => {
    const page = await context.newPage();
    const { errors } = watchPage(page);
    await page.goto(pathToFileURL(join(dir, 'index.html')).href);
    await page.waitForSelector('main');
    const rows = page.locator('#list tbody tr');
    const more = page.locator('#more');
    // The heading of the first theme is one of the rows.
    expect(await rows.count()).toBe(500);
    expect(await more.textContent()).toBe('Show more (701 left)');
    await more.click();
    await more.click();
    expect(await rows.count()).toBe(COUNT + 2);
    expect(await more.isHidden()).toBe(true);
    await page.fill('#search', 'scenario 1199');
    expect(await rows.allTextContents()).toEqual(['theme-1', expect.stringContaining('Scenario 1199')]);
    await page.fill('#search', 'no such name');
    expect(await rows.allTextContents()).toEqual(['No scenario matches.']);
    await page.fill('#search', '');
    expect(await rows.count()).toBe(500);
    expect(errors).toEqual([]);
  });
});
