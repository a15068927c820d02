// Every reporter with every hostile string in every field of a result: it stays text. test/web checks the pages
// in a browser.

import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/events/types.js';
import { comparisonMarkdown } from '../../src/reporters/compare/markdown.js';
import { comparePage } from '../../src/reporters/compare/page.js';
import { comparisonLines } from '../../src/reporters/compare/terminal.js';
import { explainLines } from '../../src/reporters/terminal/explain.js';
import { githubReporter } from '../../src/reporters/github.js';
import { ViewFold } from '../../src/results/view/fold.js';
import { MarkdownReporter } from '../../src/reporters/markdown/markdown.js';
import { TerminalReporter } from '../../src/reporters/terminal/terminal.js';
import type { Comparison } from '../../src/results/comparison/comparison.js';
import type { Figures } from '../../src/results/comparison/figures.js';
import type { RunResult, ScenarioResult } from '../../src/results/result.js';
import { FORBIDDEN, HOSTILE, packed, type Hostile } from './hostile.js';
import { ended, failure, runOf, scenario, screen, xmlOf } from './samples.js';
import { readXml } from './strict-xml.js';

const colors = pc.createColors(false);

/** A failed scenario with the text in every field. */
function failedWith(text: string): ScenarioResult {
  const [november] = Object.values(scenario().mailings);
  const group = { mailing: text, domain: text, cause: 'policy', why: 'hard-bounce', contacts: 9 } as const;
  return scenario({
    file: `sc/${text}/a.yaml`,
    name: text,
    seed: text,
    policy: text,
    status: 'failed',
    failures: [
      failure({
        file: `sc/${text}/a.yaml`,
        message: text,
        expected: text,
        actual: text,
        details: [text],
        hint: text,
      }),
    ],
    warnings: [{ file: `sc/${text}/a.yaml`, line: 2, column: 3, message: text, hint: text }],
    mailings: { [text]: november! },
    lost: {
      total: 9,
      notTheirs: 9,
      causes: {},
      expected: false,
      groups: [{ ...group, stage: 'rcpt', said: text }],
    },
  });
}

function terminal(text: string, isTTY: boolean): string {
  const out = { ...screen({ width: 120 }), isTTY };
  let now = 0;
  let tick = (): void => {};
  const reporter = new TerminalReporter(out, {
    now: () => now,
    every: (fn) => {
      tick = fn;
      return () => {};
    },
  });
  const result = failedWith(text);
  reporter.onRunStart({ total: 1, workers: 1, seed: text, reportDir: `reports/${text}` });
  reporter.onScenarioStart({ file: result.file, name: text });
  reporter.onProgress({ file: result.file, name: text, wallMs: 1, virtualMs: 1, attempts: 1 });
  now = 20_000;
  tick();
  reporter.onScenarioEnd(ended(result, `a: 1\nb: 2\n# ${text}\n`));
  reporter.onRunEnd(runOf([result]));
  return out.text();
}

function lifeOf(text: string): string {
  const at = { mailing: 'news', address: 'bob@example.org', domain: 'example.org', host: text };
  const facts = [
    { type: 'run.started', format: 1, scenario: text },
    { type: 'contact.added', address: at.address, status: 'active', softBounceStreak: 0 },
    { type: 'mailing.building', mailing: 'news', kind: 'standard' },
    { type: 'mailing.started', mailing: 'news', recipients: 1 },
    { type: 'delivery.queued', ...at },
    { type: 'connection.opened', session: 1, client: 'a:1', host: text, domain: at.domain },
    { type: 'smtp.command', session: 1, line: `MAIL FROM:<${text}>` },
    { type: 'smtp.reply', session: 1, code: 550, enhanced: '5.1.1', lines: [text, text] },
    {
      type: 'attempt',
      ...at,
      n: 1,
      startedAt: 0,
      client: 'a:1',
      stage: 'rcpt',
      outcome: 'rejected',
      cause: 'other',
      reply: { code: 550, enhanced: '5.1.1', lines: [text], stage: 'rcpt' },
    },
    { type: 'delivery.ended', ...at, state: 'hard-bounced', why: text, cause: 'other' },
    {
      type: 'contact.status',
      address: at.address,
      from: 'active',
      to: 'error',
      why: text,
      by: text,
      reason: text,
    },
  ];
  const fold = new ViewFold();
  for (const [seq, fact] of facts.entries()) fold.read({ seq, t: seq, ...fact } as unknown as RunEvent);
  const view = fold.result;
  return explainLines(view, view.contacts[0]!, { columns: 200, colors }).join('\n');
}

function comparisonOf(text: string): Comparison {
  const figures = (delivered: number): Figures => ({
    delivered,
    soft: 0,
    hard: 0,
    lost: 0,
    notTheirs: 0,
    hours: 1,
    attempts: 3,
    connections: 2,
    refused: 0,
  });
  const group = { domain: text, contacts: 1, changes: [{ mailing: text, ends: [] }], named: [text] };
  return {
    version: '0.1.0',
    policies: ['emma', text],
    sum: [figures(1), figures(2)],
    differing: 1,
    skipped: [{ file: `${text}.yaml`, name: text, reason: text }],
    scenarios: [
      {
        file: `${text}.yaml`,
        name: text,
        seed: text,
        figures: [figures(1), figures(2)],
        sites: [
          {
            site: text,
            domains: [text],
            figures: [1, 2].map((connections) => ({
              connections,
              peakConnections: 1,
              refused: 0,
              limited: 0,
            })),
          },
        ],
        ends: { contacts: 1, groups: [group], notShown: 0 },
      },
    ],
    troubles: [
      {
        file: `${text}.yaml`,
        name: text,
        policy: text,
        status: 'failed',
        failures: [failure({ message: text, details: [text] })],
      },
    ],
    thresholds: [{ text, policy: text, actual: 1, holds: true }],
    curves: { t: [0], policies: [] },
    interrupted: false,
  };
}

function markdown(result: ScenarioResult): string {
  let text = '';
  const reporter = new MarkdownReporter((part) => (text += part));
  reporter.onRunStart({ total: 1, workers: 1, seed: null, reportDir: 'reports' });
  reporter.onScenarioEnd(ended(result));
  reporter.onRunEnd(runOf([result]));
  return text;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** Markdown as GitHub renders it: its elements and its visible text. */
function rendered(source: string): { elements: Set<string>; text: string } {
  const html = micromark(source, {
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
  });
  const elements = new Set(Array.from(html.matchAll(/<([a-z][a-z0-9]*)/g), ([, name]) => name!));
  const text = html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(\w+);/g, (_, name: string) => ENTITIES[name] ?? '?');
  return { elements, text };
}

/** Elements that the reporter itself writes. */
const MARKDOWN_ELEMENTS = new Set(
  ['h3', 'h4', 'p', 'ul', 'li', 'code', 'pre', 'strong', 'details', 'summary'].concat([
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
  ]),
);

/** Occurrences of the visible form, whether or not it is wrapped. */
function times(text: string, { seen }: Hostile): number {
  return packed(text).split(packed(seen)).length - 1;
}

describe.each(HOSTILE)('$what', (hostile) => {
  const { text } = hostile;

  it('is text in the terminal', () => {
    const written = terminal(text, false);
    expect(written).not.toMatch(FORBIDDEN);
    expect(times(written, hostile)).toBeGreaterThanOrEqual(10);
  });

  it('is text in the live line of a terminal', () => {
    const written = terminal(text, true);
    expect(written).toContain('\r\u001b[2K');
    expect(written.replaceAll('\r\u001b[2K', '')).not.toMatch(FORBIDDEN);
  });

  it('is text in the history of a contact', () => {
    const written = lifeOf(text);
    expect(written).not.toMatch(FORBIDDEN);
    expect(times(written, hostile)).toBeGreaterThanOrEqual(6);
  });

  it('is text in a comparison', () => {
    const written = comparisonLines(comparisonOf(text), 120, colors).join('\n');
    expect(written).not.toMatch(FORBIDDEN);
    expect(times(written, hostile)).toBeGreaterThanOrEqual(5);
  });

  it('is text in JUnit XML', () => {
    const root = readXml(xmlOf(runOf([failedWith(text)])));
    const [testCase] = root.children[0]!.children;
    const [, problem, warnings] = testCase!.children;
    expect(times(warnings!.text, hostile)).toBe(2);
    expect(packed(testCase!.attributes['name']!)).toBe(packed(hostile.seen));
    expect(times(problem!.text, hostile)).toBeGreaterThanOrEqual(5);
    expect(problem!.children).toEqual([]);
    expect(xmlOf(runOf([failedWith(text)]))).not.toMatch(FORBIDDEN);
  });

  it('is text in an annotation', () => {
    let written = '';
    const write = (part: string): void => void (written += part);
    void githubReporter(write, (file) => file).onRunEnd?.(runOf([failedWith(text)]));
    expect(written).not.toMatch(FORBIDDEN);
    // One command in one line each, with only the properties of the reporter.
    const commands = [...written.matchAll(/^::(error|warning) ([^\n]*?)::([^\n]*)\n/gm)];
    expect(commands.map(([, kind]) => kind)).toEqual(['error', 'warning']);
    expect(written.split('\n')).toHaveLength(3);
    for (const [, kind, properties, message] of commands) {
      expect(properties!.split(',').map((property) => property.split('=')[0])).toEqual([
        'file',
        'line',
        'col',
        'title',
      ]);
      const decoded = message!.replaceAll('%0A', '\n').replaceAll('%25', '%');
      expect(times(decoded, hostile)).toBeGreaterThanOrEqual(kind === 'error' ? 4 : 1);
    }
  });

  it.each([
    ['of a run', () => markdown(failedWith(text)), 8],
    ['of a comparison', () => comparisonMarkdown(comparisonOf(text)), 6],
  ] as const)('is text in Markdown %s', (_, write, least) => {
    const source = write();
    expect(source).not.toMatch(FORBIDDEN);
    const { elements, text: shown } = rendered(source);
    expect([...elements].filter((name) => !MARKDOWN_ELEMENTS.has(name))).toEqual([]);
    // A table cell cannot contain a bar after a backslash.
    const inCells = { ...hostile, seen: hostile.seen.replaceAll('\\|', '\\\\x7c') };
    expect(times(shown.replaceAll('\\|', '\\\\x7c'), inCells)).toBeGreaterThanOrEqual(least);
  });

  it('is data in the page of a comparison, and neither ends nor begins an element', () => {
    const page = comparePage(comparisonOf(text));
    const blocks = [...page.matchAll(/<script type="application\/json" id="comparison">(.*?)<\/script>/gs)];
    expect(blocks).toHaveLength(1);
    expect(JSON.parse(blocks[0]![1]!)).toEqual(comparisonOf(text));
    expect(blocks[0]![1]).not.toContain('<');
    const title = /<title>(.*?)<\/title>/s.exec(page)![1]!;
    expect(title).not.toMatch(FORBIDDEN);
    const decoded = title.replaceAll(/&(\w+);/g, (_, name: string) => ENTITIES[name] ?? '?');
    expect(times(decoded, hostile)).toBe(1);
  });
});

it('harmless text is unchanged', () => {
  const run: RunResult = runOf([
    scenario({ name: 'Größe 日本語 👩‍💻', status: 'failed', failures: [failure()] }),
  ]);
  expect(xmlOf(run)).toContain('Größe 日本語 👩‍💻');
  expect(markdown(run.scenarios[0]!)).toContain('`Größe 日本語 👩‍💻`');
});
