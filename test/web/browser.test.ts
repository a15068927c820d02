// The page of a run in a real browser, opened from disk: the figures of run.json, filters, links from a failure
// to its file and to a contact's history, accessibility, and hostile text.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PassThrough } from 'node:stream';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Io } from '../../src/cli/io.js';
import { main } from '../../src/cli/program.js';
import type { RunResult } from '../../src/results/result.js';
import { TestScreen } from '../cli/harness.js';
import { FORBIDDEN, HOSTILE, packed } from '../reporters/hostile.js';
import { executablePath, seriousViolations, startBrowser, watchPage } from './browser.js';

const MARKUP = '<img src=x onerror=alert(1)></script><script>alert(2)</script>';
const EVIL = HOSTILE.map(({ text }) => text).join(' ');

const FAILS = `name: ${JSON.stringify(`Evil ${EVIL}`)}
policy: emma
fleet:
  example.org:
    mailboxes:
      bob: mailbox-full
      nobody: busy
      ghost: { reply: { stage: rcpt, code: 550, enhanced: 5.1.1, text: "No ${MARKUP}" } }
audience:
  contacts: [bob@example.org, ghost@example.org, ann@example.org]
mailings:
  - { name: november, at: 0h }
expect:
  - at: end
    november: { recipients: 3, inProgress: 0, withdrawn: 0, delivered: 2 }
`;

const BLOCKED = `name: A greeting costs a domain
fleet:
  blocked.test: { behaviors: [blocklisted] }
  example.org: {}
audience:
  contacts: [ann@example.org]
  generate: [{ count: 40, at: blocked.test, prefix: reader }]
mailings:
  - { name: november, at: 0h }
  - { name: december, at: 2d }
expect:
  - at: end
    november: { recipients: 41 }
`;

const QUICK = `name: A quick one
fleet: { example.org: {} }
audience: { contacts: [bob@example.org] }
mailings: [{ name: november }]
expect: [{ at: end, november: { delivered: 1 } }]
`;

/** Far more attempts than fit into the time of a test. */
const ENDLESS = `name: Never done
fleet: { example.org: { behaviors: [{ do: busy, stage: rcpt }] } }
audience: { generate: [{ count: 20000, at: example.org, prefix: reader }] }
mailings: [{ name: november }]
expect: [{ at: end, november: { delivered: 1 } }]
`;

function quietIo(cwd: string): Io {
  const screen = new TestScreen();
  return {
    cwd,
    env: {},
    stdout: screen,
    stderr: screen,
    stdin: new PassThrough(),
    signal: new AbortController().signal,
  };
}

describe.skipIf(executablePath === undefined)('the page', () => {
  let dir: string;
  let file: string;
  let run: RunResult;
  let context: BrowserContext;
  let page: Page;
  let requests: string[];
  let errors: string[];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bouncelab-page-'));
    writeFileSync(join(dir, 'fails.yaml'), FAILS);
    writeFileSync(join(dir, 'blocked.yaml'), BLOCKED);
    await main(['run', 'fails.yaml', 'blocked.yaml', '--workers', '1'], quietIo(dir));
    file = join(dir, 'reports', 'latest', 'index.html');
    run = JSON.parse(readFileSync(join(dir, 'reports', 'latest', 'run.json'), 'utf8')) as RunResult;
    context = await startBrowser(join(dir, 'profile'));
    page = await context.newPage();
    ({ requests, errors } = watchPage(page));
  }, 120_000);

  afterAll(async () => {
    await context?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = async (hash = ''): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(`${pathToFileURL(file).href}${hash}`);
    await page.waitForSelector('main');
  };
  const indexOf = (name: string): number => run.scenarios.findIndex((one) => one.file === name);

  test('opens from disk, shows the result, and makes no request', async () => {
    await open();
    expect(await page.textContent('h1')).toContain('1 failed, 1 passed');
    expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('about:'))).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('begins with a note for an interrupted run, and names unfinished scenarios', async () => {
    writeFileSync(join(dir, 'a-quick.yaml'), QUICK);
    writeFileSync(join(dir, 'b-endless.yaml'), ENDLESS);
    const stdout = new TestScreen();
    const interrupt = new AbortController();
    const io = { ...quietIo(dir), stdout, signal: interrupt.signal };
    const args = [
      'run',
      'a-quick.yaml',
      'b-endless.yaml',
      'blocked.yaml',
      '--workers',
      '1',
      '--output',
      'partial',
    ];
    const code = main(args, io);
    await stdout.until('✓ A quick one');
    interrupt.abort();
    expect(await code).toBe(130);
    await page.goto(pathToFileURL(join(dir, 'partial', 'latest', 'index.html')).href);
    const note = page.locator('main .note >> nth=0');
    expect(await note.isVisible()).toBe(true);
    expect(await note.innerText()).toBe(
      'Partial report. The run was interrupted: 1 of 3 scenarios ran, and only these are shown. ' +
        'Stopped while running, and not counted: Never done (b-endless.yaml).',
    );
    expect(await page.locator('#list tbody tr').allInnerTexts()).toEqual([
      expect.stringContaining('A quick one'),
    ]);
    await page.click('#list a:has-text("A quick one")');
    expect(await page.textContent('#contacts')).toContain('bob@example.org');
    expect(errors).toEqual([]);
  });

  test('warns about contacts lost to a greeting', async () => {
    await open();
    const alarm = await page.textContent('.alarm');
    expect(alarm).toContain('40contacts lost to a cause that is not theirs');
    expect(alarm).toContain('blocked.test');
    expect(alarm).toContain('554');
  });

  test('has the figures of run.json', async () => {
    for (const [index, { mailings }] of run.scenarios.entries()) {
      for (const [name, mailing] of Object.entries(mailings)) {
        await open(`#/s/${index}/m/${name}`);
        const figures = await page.locator('[data-figure]').all();
        const shown = Object.fromEntries(
          await Promise.all(
            figures.map(async (figure) => [
              await figure.getAttribute('data-figure'),
              Number(await figure.getAttribute('data-value')),
            ]),
          ),
        ) as Record<string, number>;
        expect(shown).toMatchObject({
          Recipients: mailing.recipients,
          Delivered: mailing.delivered,
          'In progress': mailing.inProgress,
          'Soft bounced': mailing.bounced.soft,
          'Hard bounced': mailing.bounced.hard,
          Withdrawn: mailing.withdrawn,
          Inbox: mailing.placement.inbox,
          Junk: mailing.placement.junk,
        });
        expect(await page.textContent('[data-figure="Recipients"]')).toBe(String(mailing.recipients));
      }
    }
  });

  test('filters and searches', async () => {
    await open();
    expect(await page.locator('#list tbody tr').count()).toBe(2);
    await page.click('[data-filter="not-passed"]');
    expect(await page.locator('#list tbody tr').count()).toBe(1);
    await page.click('[data-filter="all"]');
    await page.fill('#search', 'greeting');
    expect(await page.locator('#list tbody tr').count()).toBe(1);
  });

  test('links from a failure to the line of its file', async () => {
    await open();
    await page.click('.failure a');
    await page.waitForSelector('#hit');
    expect(await page.textContent('#hit')).toContain('withdrawn: 0, delivered: 2 }');
  });

  test('shows a behavior that never acted, with a link to its line', async () => {
    await open();
    expect(await page.textContent('#warnings')).toBe('Warnings (1)');
    await page.click('[aria-labelledby=warnings] a:has-text("fails.yaml")');
    await page.waitForSelector('#hit');
    expect(await page.textContent('#hit')).toContain('nobody: busy');
    await open(`#/s/${indexOf('fails.yaml')}`);
    expect(await page.textContent('[aria-labelledby=warnings]')).toContain(
      '`busy` of nobody@example.org never acted',
    );
    await open(`#/s/${indexOf('blocked.yaml')}`);
    expect(await page.locator('#warnings').count()).toBe(0);
  });

  test('links to the history of a contact, with dialogue and sequence diagram', async () => {
    await open(`#/s/${indexOf('fails.yaml')}`);
    await page.click('#contacts a:has-text("bob@example.org")');
    await page.waitForSelector('[data-delivery="november"]');
    expect(await page.locator('.attempt').count()).toBe(4);
    await page.click('.attempt >> nth=0 >> summary');
    await page.waitForSelector('.lanes');
    expect(await page.textContent('.dialogue')).toContain('RCPT TO:<bob@example.org>');
    expect(await page.textContent('.attempt >> nth=3')).toContain('Rule 6');
  });

  test('can be used by keyboard from the filter to a sequence diagram', async () => {
    await open();
    const tabTo = async (selector: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
      }
      throw new Error(`Tab never reached ${selector}`);
    };
    const hasFocus = (selector: string): Promise<boolean> =>
      page.evaluate(`document.querySelector(${JSON.stringify(selector)}) === document.activeElement`);

    await page.keyboard.press('Tab');
    expect(await hasFocus('.skip')).toBe(true);
    await tabTo('[data-filter="not-passed"]');
    await page.keyboard.press('Enter');
    expect(await page.locator('#list tbody tr').count()).toBe(1);
    // The filter keeps the focus, so that Tab moves to the next control.
    expect(await hasFocus('[data-filter="not-passed"]')).toBe(true);
    expect(await page.getAttribute('[data-filter="not-passed"]', 'aria-pressed')).toBe('true');
    await tabTo('#list a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#contacts');
    expect(await hasFocus('main')).toBe(true);

    await tabTo('input[type=search]');
    await page.keyboard.type('bob');
    expect(await page.locator('#contacts tbody tr').count()).toBe(1);
    await page.keyboard.press('Escape');
    expect(await page.locator('#contacts tbody tr').count()).toBe(3);
    await page.keyboard.type('bob');
    await tabTo('#contacts a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-delivery="november"]');
    await tabTo('.attempt summary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.lanes');
    await page.keyboard.press('Tab');
    expect(await hasFocus('.lanes-frame')).toBe(true);
    await page.goBack();
    await page.waitForSelector('#contacts');
    expect(errors).toEqual([]);
  });

  test('shows hostile text as text', async () => {
    await open(`#/s/${indexOf('fails.yaml')}`);
    const name = packed((await page.textContent('h1')) ?? '');
    for (const { seen } of HOSTILE) expect(name).toContain(packed(seen));
    expect(await page.title()).not.toMatch(FORBIDDEN);
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.textContent('body > #app')).not.toMatch(FORBIDDEN);
    expect(await page.evaluate('globalThis.ran')).toBeUndefined();
    expect(errors).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'has no serious violation of accessibility, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      for (const hash of ['', '#/s/0', '#/s/1', `#/s/${indexOf('fails.yaml')}/c/bob%40example.org`]) {
        await open(hash);
        const found = await seriousViolations(page);
        expect({ hash, found }).toEqual({ hash, found: [] });
      }
    },
  );

  test('fits a width of 360 pixels without scrolling sideways', async () => {
    await page.setViewportSize({ width: 360, height: 800 });
    for (const hash of ['', '#/s/0', '#/s/1', `#/s/${indexOf('fails.yaml')}/c/bob%40example.org`]) {
      await open(hash);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect({ hash, width }).toEqual({ hash, width: 360 });
    }
    // The sequence diagram keeps a readable size and scrolls inside its frame.
    await page.click('.attempt >> nth=0 >> summary');
    await page.waitForSelector('.lanes');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect((await page.locator('.lanes').boundingBox())!.width).toBeGreaterThanOrEqual(680);
    expect(await seriousViolations(page)).toEqual([]);
  });

  test('scrolls to the mark in a line that is longer than a narrow screen', async () => {
    await page.setViewportSize({ width: 360, height: 800 });
    await open(`#/s/${indexOf('fails.yaml')}`);
    await page.waitForFunction("document.querySelector('.code').scrollLeft > 0");
    const frame = (await page.locator('.code').boundingBox())!;
    const number = (await page.locator('.code .hit .no').boundingBox())!;
    const mark = (await page.locator('.caret').boundingBox())!;
    expect(number.x).toBeGreaterThanOrEqual(frame.x);
    expect(mark.x).toBeGreaterThan(number.x + number.width);
    expect(mark.x + mark.width).toBeLessThan(frame.x + frame.width);
  });
});
