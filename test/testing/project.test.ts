// The package as a user installs it, in an empty project: the recipes of docs/vitest.md word by word, types, and a
// program that ends by itself.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { codeBlocks } from '../support/markdown.js';
import { Project } from '../support/package.js';

const read = (page: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${page}.md`, import.meta.url)), 'utf8');
const PAGE = read('vitest');
const VITEST = 'node_modules/vitest/vitest.mjs';

/** The files of the page by their names, which are in their first lines. */
const FILES = Object.fromEntries(
  ['ts', 'js', 'yaml']
    .flatMap((language) => codeBlocks(PAGE, language))
    .flatMap((text) => {
      const name = /^(?:\/\/|#) (\S+\.\w+)\n/.exec(text)?.[1];
      return name === undefined ? [] : [[name, text] as const];
    }),
);

let project: Project;
// npm packs in this time also on a slow machine.
beforeAll(async () => {
  project = await Project.create('module');
  project.write(FILES);
}, 60_000);
afterAll(() => project.remove());

describe('in an empty project', () => {
  test('the recipes of the page pass', async () => {
    expect(Object.keys(FILES).sort()).toEqual([
      'fleet.yaml',
      'scenarios/full-mailbox.yaml',
      'src/mailer.mjs',
      'test/mailer.test.ts',
      'test/november.test.ts',
      'test/scenarios.test.ts',
      'vitest.config.mts',
    ]);
    const { code, output } = await project.node([VITEST, 'run']);
    expect(code, output).toBe(0);
    expect(output).toMatch(/Tests {2}5 passed/);
  });

  test('a scenario that does not hold fails its test, as the page shows', async () => {
    const file = 'scenarios/full-mailbox.yaml';
    const text = FILES[file]!;
    project.write({ [file]: text.replace('delivered: 1', 'delivered: 2') });
    const { code, output } = await project.node([VITEST, 'run', 'test/scenarios.test.ts']);
    project.write({ [file]: text });
    expect(code).toBe(1);
    const shown = codeBlocks(PAGE, '').find((block) => block.startsWith(' FAIL '))!;
    expect(output).toContain(shown.trimEnd());
  });

  test('scenarioTests names every problem, and skips what is no scenario', async () => {
    project.write({
      'more/invalid.yaml': 'name: invalid\nfleet: {}\n',
      'more/policy.yaml': 'name: mine\nretry: { intervals: [5m] }\n',
      'more/other.yaml': `sender: ../sender.cjs\n${FILES['scenarios/full-mailbox.yaml']!}`,
      'sender.cjs': "exports.createSender = () => ({ send() { throw new Error('no luck'); } });\n",
      'more.test.mjs': `import { scenarioTests } from 'bouncelab/vitest';
scenarioTests('more');
scenarioTests('more/policy.yaml', { concurrent: false });
`,
      'gone.test.mjs': "import { scenarioTests } from 'bouncelab/vitest';\nscenarioTests('gone');\n",
    });
    const { code, output } = await project.node([VITEST, 'run', 'more.test.mjs', 'gone.test.mjs']);
    expect(code).toBe(1);
    expect(output).toContain('more/invalid.yaml is not a valid scenario: 3 problems');
    expect(output).toContain('❯ more/invalid.yaml:1:1');
    expect(output).toContain('the sender ../sender.cjs is at fault: send(november) failed: no luck');
    expect(output).toContain('at Object.send');
    expect(output).toContain('❯ more/other.yaml:1:9');
    expect(output).toContain('more/policy.yaml: this is a policy, not a scenario');
    expect(output).toContain('there is no file or folder `gone`');
    expect(output).toMatch(/Tests {2}3 failed \(3\)/);
  });

  test('a program gets its results, and ends by itself, in a package of the type commonjs too', async () => {
    project.write({
      'program/package.json': '{ "type": "commonjs" }',
      'program/main.js': `const { playScenario, startFleet } = require('bouncelab');
async function main() {
  const runs = await Promise.all([1, 2, 3].map(() => playScenario('scenarios/full-mailbox.yaml')));
  const fleet = await startFleet();
  console.log(runs.map(({ status }) => status).join(), fleet.hosts.length);
  await fleet.close();
}
main();
`,
    });
    const { code, output } = await project.node(['--no-warnings', 'program/main.js']);
    expect(output).toBe('passed,passed,passed 1\n');
    expect(code).toBe(0);
  });

  test('the commands of the workflow in docs/ci.md report to GitHub', async () => {
    const [workflow = ''] = codeBlocks(read('ci'), 'yaml');
    const { jobs } = parse(workflow) as { jobs: { scenarios: { steps: { run?: string }[] } } };
    const commands = jobs.scenarios.steps.flatMap(({ run }) => run ?? []);
    expect(commands).toEqual(['npm ci', 'npx bouncelab run scenarios']);
    const [, , ...argv] = commands[1]!.split(' ');
    const file = 'scenarios/full-mailbox.yaml';
    project.write({ 'summary.md': '', [file]: FILES[file]!.replace('delivered: 1', 'delivered: 2') });
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: project.path('summary.md') };
    const { code, output } = await project.node(['node_modules/bouncelab/dist/cli/main.js', ...argv], env);
    project.write({ [file]: FILES[file]! });
    expect(code).toBe(1);
    expect(output).toMatch(/^::error file=scenarios\/full-mailbox\.yaml,line=11/m);
    expect(readFileSync(project.path('summary.md'), 'utf8')).toContain('A full mailbox is tried four times');
    expect(existsSync(project.path('reports/latest/junit.xml'))).toBe(true);
  });

  test('the types of the page and of a sender hold, and wrong ones do not', async () => {
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      noEmit: true,
      allowJs: true,
      skipLibCheck: true,
    };
    const sender = `import type { CreateSender, SenderModule } from 'bouncelab';
export const createSender: CreateSender = ({ report }) => ({
  async send({ name, contacts }) {
    for (const { address } of contacts) report.bounced(name, address, 'hard');
  },
});
export const module: SenderModule = { createSender };
`;
    const include = ['test', 'src', 'sender.mts', 'wrong.mts', 'vitest.config.mts'];
    project.write({ 'tsconfig.json': JSON.stringify({ compilerOptions, include }), 'sender.mts': sender });
    const right = await project.node(['node_modules/typescript/bin/tsc', '-p', '.']);
    expect(right.output).toBe('');
    project.write({
      'wrong.mts': `import { expect } from 'vitest';
import 'bouncelab/vitest';
expect({}).toHaveStatus('bob@example.org', 'dead');
`,
      'sender.mts': sender.replace("'hard'", "'loud'"),
    });
    const wrong = await project.node(['node_modules/typescript/bin/tsc', '-p', '.']);
    expect(wrong.output).toContain('sender.mts(4,');
    expect(wrong.output).toContain('wrong.mts(3,');
  });
});
