// The samples of the documentation: files that it shows are valid, and output that it shows is what the
// commands print.

import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { hasAddresses } from '../src/live/addresses.js';
import { Workplace } from './cli/harness.js';
import { codeBlocks } from './support/markdown.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');
/** As where no terminal is. */
const columns = 120;

/** The block of a page that begins with a text. */
function blockOf(page: string, language: string, beginning: string): string {
  const found = codeBlocks(read(page), language).filter((block) => block.startsWith(beginning));
  expect(found, `blocks of ${page} that begin with ${beginning}`).toHaveLength(1);
  return found[0]!;
}

const canServe = await hasAddresses();
const SCENARIO = blockOf('README.md', 'yaml', '# yaml-language-server');

/** Its sender is own-sender.ts. */
const ONE_CONTACT = `name: one contact
sender: ./own-sender.ts
fleet: { example.org: {} }
audience: { contacts: [bob@example.org] }
mailings: [{ name: november }]
expect: [{ at: end, november: { delivered: 1 } }]
`;

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

describe('the README', () => {
  it('names the schema by a path that leads there from scenarios/', () => {
    mkdirSync(at.path('node_modules'));
    symlinkSync(ROOT, at.path('node_modules', 'bouncelab'), 'dir');
    const [line = ''] = SCENARIO.split('\n');
    const schema = /\$schema=(\S+)/.exec(line)![1]!;
    expect(existsSync(path.resolve(at.path('scenarios'), schema))).toBe(true);
    expect(blockOf('docs/scenarios.md', 'yaml', '# yaml-language-server')).toBe(`${line}\n`);
  });

  it('has a scenario that passes, and the report of one that does not', async () => {
    at.write({ 'scenarios/yahoo.yaml': SCENARIO });
    const passed = await at.run(['run'], { columns });
    expect(passed.code, passed.stdout + passed.stderr).toBe(0);
    at.write({ 'scenarios/yahoo.yaml': SCENARIO.replace('delivered: 1000', 'delivered: 999') });
    const failed = await at.run(['run'], { columns });
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain(blockOf('README.md', '', '✗ 1) '));
  });
});

describe('what is shown in', () => {
  it('docs/policies.md is printed by `policy show`', async () => {
    const { stdout } = await at.run(['policy', 'show', 'emma'], { columns });
    expect(stdout).toContain(blockOf('docs/policies.md', '', '4xx to a command'));
  });

  it.runIf(canServe)('docs/serve.md is printed by `serve`', async () => {
    const hosts = '[{ name: mx1 }, { name: mx2, preference: 20 }]';
    at.write({ 'mine.yaml': `fleet: { example.org: {}, example.com: { hosts: ${hosts} } }` });
    const abort = new AbortController();
    // Any free port: another test may use the one of the sample.
    const argv = ['serve', 'mine.yaml', '--speed', '600', '--smtp-port', '0'];
    const { stdout, code } = at.start(argv, { columns, signal: abort.signal });
    await stdout.until('mails real people');
    abort.abort();
    await code;
    const port = /127\.1\.0\.1:(\d+)/.exec(stdout.text)![1]!;
    expect(stdout.text.replaceAll(port, '2525')).toContain(blockOf('docs/serve.md', '', 'Listening'));
  });

  it('docs/compare.md is printed by `compare`', async () => {
    const block = blockOf('docs/compare.md', '', 'One provider is down');
    const [, file = ''] = block.split('\n');
    at.write({ [file]: read(file) });
    const { stdout } = await at.run(['compare', file, '--policy', 'emma', '--policy', 'four-attempts'], {
      columns,
    });
    expect(stdout).toContain(block);
  });

  it('docs/compare.md is printed by a run that differs from its baseline', async () => {
    const run = ['run', '--baseline', 'baseline.yaml'];
    at.write({ 'scenarios/yahoo.yaml': SCENARIO });
    await at.run(run, { columns });
    at.write({ 'scenarios/yahoo.yaml': SCENARIO.replace('0h..6h', '0h..5h') });
    const { code, stdout } = await at.run(run, { columns });
    expect(code).toBe(1);
    expect(stdout).toContain(blockOf('docs/compare.md', '', 'baseline: 1 scenario'));
  });

  it('docs/external-sender.md is printed for an error of a module in TypeScript', async () => {
    const module = [
      "import type { CreateSender } from 'bouncelab';",
      '',
      'export const createSender: CreateSender = () => ({',
      '  async send(): Promise<void> {',
      "    const why: string = 'no luck';",
      '    if (why) throw new Error(why);',
      '  },',
      '});',
    ];
    at.write({ 'own-sender.ts': module.join('\n'), 'a.yaml': ONE_CONTACT });
    const { code, stdout } = await at.run(['run', 'a.yaml'], { columns });
    expect(code).toBe(1);
    const shown = stdout.replaceAll(at.path('.'), '/home/me');
    expect(shown).toContain(blockOf('docs/external-sender.md', '', '✗ 1) one contact'));
  });

  it('docs/behaviors.md is printed about a behavior that never acted', async () => {
    at.write({
      'november.yaml': [
        'name: November',
        'fleet:',
        '  example.org: { mailboxes: { eve: busy } }',
        'audience: { contacts: [bob@example.org] }',
        'mailings: [{ name: november }]',
        'expect: [{ at: end, november: { delivered: 1 } }]',
      ].join('\n'),
    });
    const { code, stdout } = await at.run(['run', 'november.yaml'], { columns });
    expect(code).toBe(0);
    expect(stdout).toContain(blockOf('docs/behaviors.md', 'text', '1 warning'));
  });

  it('docs/providers.md has the numbers of the catalogue', async () => {
    const { stdout } = await at.run(['replies']);
    const [, replies, providers] = /^(\d+) replies of (\d+) providers/m.exec(stdout)!;
    expect(read('docs/providers.md')).toContain(
      `${providers} providers, gateways and mail servers: ${replies} replies`,
    );
  });
});

describe('a file in', () => {
  it.each([
    ['docs/policies.md', 'name: emma'],
    ['docs/classification.md', 'causes:'],
    ['docs/providers.md', 'name: Example Mail'],
  ])('%s that begins with `%s` is valid', async (page, beginning) => {
    at.write({ 'file.yaml': blockOf(page, 'yaml', beginning) });
    const { code, stdout } = await at.run(['validate', 'file.yaml']);
    expect(code, stdout).toBe(0);
    expect(stdout).not.toContain('scenario');
  });

  it('docs/scenarios.md is valid, all its parts together', async () => {
    const parts = codeBlocks(read('docs/scenarios.md'), 'yaml').map((block) => parse(block) as object | null);
    const scenario: Record<string, unknown> = {
      name: 'Parts',
      expect: [{ at: 'end', statuses: { error: 0 } }],
    };
    for (const [key, part] of parts.flatMap((block) => Object.entries(block ?? {}) as [string, object][])) {
      const before = scenario[key] as object | undefined;
      if (Array.isArray(before)) scenario[key] = [...(before as unknown[]), ...(part as unknown[])];
      else scenario[key] = before ? { ...before, ...part } : part;
    }
    expect(Object.keys(scenario).sort()).toEqual([
      'audience',
      'events',
      'expect',
      'fleet',
      'mailings',
      'name',
      'sites',
    ]);
    at.write({
      'file.yaml': stringify(scenario),
      'subscribers.csv':
        'Kontakt;Zustand;First Name;City;softBounceStreak\ngrace@example.org;;G;Y\nerin@example.com;abgemeldet;E;X;4\n',
      'suppressed.csv': 'gone@example.org\n',
    });
    const { code, stdout } = await at.run(['validate', 'file.yaml']);
    expect(code, stdout).toBe(0);
  });
});
