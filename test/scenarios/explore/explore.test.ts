// Experiments: the same number is always the same one and a valid scenario; what fails is made small;
// and the command says what it did.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BEHAVIORS } from '../../../src/simulator/behaviors/index.js';
import { runScenario } from '../../../src/scenarios/run.js';
import { documentText, sizeOf, type ScenarioDocument } from '../../../src/scenarios/explore/document.js';
import { drawExperiment } from '../../../src/scenarios/explore/experiment.js';
import { FAULTS } from '../../../src/scenarios/explore/faults.js';
import { shrink } from '../../../src/scenarios/explore/shrink.js';
import { planOf, play } from '../../../src/scenarios/explore/trial.js';
import { Workplace } from '../../cli/harness.js';

const dir = mkdtempSync(join(tmpdir(), 'bouncelab-explore-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const options = {
  seed: '1',
  policies: ['emma', 'four-attempts'],
  drawsPolicies: true,
  faults: [...FAULTS.keys()],
};

/** What a scenario file can say besides behaviors, and an exploration must say too. */
const SAID = [
  ...[
    /on: contact-added/,
    /every: /,
    /building: /,
    /tls: true/,
    /address: none/,
    /during: /,
    /attempts: \d+\.\./,
  ],
  ...[/answer: servfail/, /answer: timeout/, /answer: null-mx/, /answer: nxdomain/, /answer: a-only/],
  ...[/opt-out: /, /reactivate: "\*/, /subscribe: /, /add: /, /bounce: /, /crash: [^]*crash: /, /set: /],
  ...[
    /stage: idle/,
    /stage: body/,
    /action: delayed/,
    /after: 0s/,
    /size: 200kb/,
    /latency: 0s/,
    /latency: 2s/,
  ],
  ...[/interval:\n/, /jitter: /, /windowFrom: first/, /unreachable: \d/, /overrides:/, /allSuspended: wait/],
];

describe('an experiment', () => {
  test('is the same for the same seed and number, and another for another', () => {
    expect(drawExperiment(7, options)).toEqual(drawExperiment(7, options));
    expect(drawExperiment(8, options)).not.toEqual(drawExperiment(7, options));
    expect(drawExperiment(7, { ...options, seed: '2' })).not.toEqual(drawExperiment(7, options));
  });

  test('is a valid scenario and breaks no rule', { timeout: 120_000 }, async () => {
    for (let index = 0; index < 60; index++) {
      const plan = planOf(drawExperiment(index, options), dir);
      expect(plan, `experiment ${index}`).toBeDefined();
      expect((await play(plan!)).finding, `experiment ${index}`).toBeUndefined();
    }
  });

  test('has every fault in some of a thousand, and no fault that was not asked for', () => {
    const texts = Array.from({ length: 1000 }, (_, index) => documentText(drawExperiment(index, options)));
    for (const [name, { kind }] of FAULTS) {
      if (kind !== 'behavior' || !BEHAVIORS.has(name)) continue;
      expect(texts.filter((text) => text.includes(`do: ${name}`)).length, name).toBeGreaterThan(10);
    }
    for (const said of SAID)
      expect(texts.filter((text) => said.test(text)).length, said.source).toBeGreaterThan(10);
    const only = { ...options, faults: ['greylist'] };
    for (let index = 0; index < 200; index++) {
      const text = documentText(drawExperiment(index, only));
      expect(text.match(/do: [a-z-]+/g)?.filter((found) => found !== 'do: greylist') ?? []).toEqual([]);
    }
  });
});

describe('shrinking', () => {
  const smallest = (document: ScenarioDocument, fails: (candidate: ScenarioDocument) => boolean) =>
    shrink(document, { fails: (candidate) => Promise.resolve(fails(candidate)), triesMax: 10_000 });

  test('takes out everything that is not needed', async () => {
    const document = { a: [1, 2, 3, { needed: '2h30m', other: true }], b: { c: 'x' }, seed: 64 };
    const fails = (candidate: ScenarioDocument): boolean => JSON.stringify(candidate).includes('needed');
    expect(await smallest(document, fails)).toEqual({ a: [{ needed: '0s' }] });
  });

  test('makes durations and numbers simpler while it fails', async () => {
    const fails = ({ at, n }: ScenarioDocument): boolean =>
      typeof at === 'string' && /^\d+h/.test(at) && typeof n === 'number' && n >= 5;
    expect(await smallest({ at: '9h12m', n: 83 }, fails)).toEqual({ at: '1h', n: 5 });
  });

  test('never gives back what does not fail, and never something larger', async () => {
    const leaf = fc.oneof(fc.integer({ min: 0, max: 99 }), fc.constantFrom('1h', '2d3h', 'text', '', true));
    const tree = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.constantFrom('d', 'e'), leaf)),
    );
    await fc.assert(
      fc.asyncProperty(tree, fc.integer({ min: 0, max: 6 }), async (drawn, least) => {
        const document = drawn as ScenarioDocument;
        fc.pre(sizeOf(document) > least);
        const found = await smallest(document, (candidate) => sizeOf(candidate) > least);
        expect(sizeOf(found)).toBe(least + 1);
      }),
    );
  });

  test('brings a real experiment down to the few lines that matter', { timeout: 120_000 }, async () => {
    // Stands for a bug: something that happens only under certain faults.
    const fails = async (candidate: ScenarioDocument): Promise<boolean> => {
      const plan = planOf(candidate, dir);
      if (!plan) return false;
      const { mailings } = await runScenario(plan);
      return Object.values(mailings).some(({ causes }) => causes['user-unknown'] !== undefined);
    };
    let index = 0;
    while (!(await fails(drawExperiment(index, options)))) index++;
    const drawn = drawExperiment(index, options);
    const found = await shrink(drawn, { fails, triesMax: 2000 });
    expect(await fails(found)).toBe(true);
    expect(sizeOf(found)).toBeLessThan(sizeOf(drawn));
    expect(documentText(found).split('\n').length).toBeLessThan(25);
    expect(found['events']).toBeUndefined();
  });
});

describe('bouncelab explore', () => {
  const place = new Workplace();
  afterAll(() => place.remove());

  test('says what it did', async () => {
    const ran = await place.run(['explore', '--runs', '20', '--seed', '3', '--workers', '2']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/20 experiments, [\d,]+ attempts, .* virtual time in .*\nno violation\n/);
  });

  test('ends when its time is up', async () => {
    const ran = await place.run(['explore', '--time', '1ms', '--seed', '3']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/[1-9] experiments?, /);
  });

  test.each([
    [['--faults', 'busi'], 'did you mean `busy`?'],
    [['--policy', 'ema'], 'unknown policy `ema`'],
    [['--runs', '0'], 'whole number from 1'],
  ])('%s is wrong usage', async (args, message) => {
    const ran = await place.run(['explore', ...args]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
  });

  test('takes a policy file', async () => {
    place.write({ 'mine.yaml': 'name: mine\nretry: { interval: 20m }\n' });
    const ran = await place.run(['explore', '--policy', './mine.yaml', '--runs', '5', '--seed', '1']);
    expect(ran.code).toBe(0);
  });
});
