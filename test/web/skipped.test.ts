// The page of a run with scenarios that were skipped, in a real browser: they are counted apart, and say why.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HtmlReport } from '../../src/reporters/html/report.js';
import { runOf, scenario } from '../reporters/samples.js';
import { executablePath, startBrowser, watchPage } from './browser.js';

const REASON = 'the scenario has a `crash` event, and the sender "mine.js" <b>cannot</b> be restarted';

describe.skipIf(executablePath === undefined)('the page of a run with a skipped scenario', () => {
  let dir: string;
  let context: BrowserContext;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bouncelab-skipped-'));
    const run = runOf([
      scenario({ file: 'scenarios/a/played.yaml', name: 'Played' }),
      scenario({ file: 'scenarios/a/crash.yaml', name: 'A crash', status: 'skipped', reason: REASON }),
    ]);
    const none = (): string => join(dir, 'none');
    const file = join(dir, 'index.html');
    await new HtmlReport({ file, runId: 'skipped', eventsFile: none, viewFile: none }).onRunEnd(run);
    context = await startBrowser(join(dir, 'profile'));
  }, 120_000);

  afterAll(async () => {
    await context?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('counts it apart from those that did not pass, and gives the reason in its view', async () => {
    const page = await context.newPage();
    const { errors } = watchPage(page);
    await page.goto(pathToFileURL(join(dir, 'index.html')).href);
    await page.waitForSelector('main');
    expect(await page.locator('main').textContent()).toContain('1 skipped');
    expect(await page.locator('[data-filter="not-passed"]').textContent()).toBe('Not passed 0');
    await page.click('[data-filter="skipped"]');
    const rows = page.locator('#list tbody tr');
    expect(await rows.allTextContents()).toEqual(['a', expect.stringContaining('A crash')]);
    await rows.locator('a').first().click();
    await page.waitForSelector('p.note');
    expect(await page.locator('p.note').allTextContents()).toEqual([
      `Skipped. It was not played: ${REASON}.`,
    ]);
    expect(errors).toEqual([]);
  });
});
