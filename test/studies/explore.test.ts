// Experiments: a number always gives the same valid scenario; a failing one is made smaller; and the command
// reports what it did.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import { runScenario } from '../../src/runner/run.js';
import { documentText, sizeOf, type ScenarioDocument } from '../../src/studies/explore/document.js';
import { drawExperiment } from '../../src/studies/explore/experiment.js';
import { FAULTS, IDLE } from '../../src/studies/explore/faults.js';
import { shrink } from '../../src/studies/explore/shrink.js';
import { planOf } from '../../src/studies/explore/trial.js';
import { parseDuration } from '../../src/base/units.js';
import { Workplace } from '../cli/harness.js';

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
  ...[
    /^sites:/m,
    /site: s1/,
    / domains:\n/,
    /\{domain\}\.s1/,
    /mx1\.s1\.test[^]*mx1\.s1\.test/,
    /by: domain/,
    /providers:/,
    /connections: 1\n/,
    /messagesPerConnection: 1\n/,
  ],
  ...[/address:\n +- v6\n/, /- v4\n +- v6/, /family: v6/, /do: down\n +family: v4/],
  ...[/relay: true/, /relay: false/, /^ {2}default:/m, /@u\.test/],
  ...[/@xn--/, /@bücher/, /'"c 1"@/, /"c\\"1/, /cé1@/, /(?:long-){11}/, /add: '?"/],
  ...[/interval:\n/, /jitter: /, /windowFrom: first/, /unreachable: \d/, /overrides:/, /allSuspended: wait/],
];

describe('an experiment', () => {
  test('is the same for the same seed and number, and another for another', () => {
    expect(drawExperiment(7, options)).toEqual(drawExperiment(7, options));
    expect(drawExperiment(8, options)).not.toEqual(drawExperiment(7, options));
    expect(drawExperiment(7, { ...options, seed: '2' })).not.toEqual(drawExperiment(7, options));
  });

  test('is a valid scenario, with all faults and with each one', () => {
    for (let index = 0; index < 60; index++)
      expect(planOf(drawExperiment(index, options), dir), `experiment ${index}`).toBeDefined();
    for (const fault of ['sites', 'families', 'relay', 'default', 'spellings']) {
      const faults = ['sites', 'hosts', 'dns', 'set', 'add', 'busy', 'throttle', fault];
      for (let index = 0; index < 12; index++)
        expect(planOf(drawExperiment(index, { ...options, faults }), dir), `${fault} ${index}`).toBeDefined();
    }
  });

  test(
    'mails what shares hosts over them, whatever the names and the families',
    { timeout: 60_000 },
    async () => {
      const faults = ['sites', 'families', 'relay', 'default', 'spellings'];
      const seen = { domains: new Set<string>(), families: new Set<string>(), sites: 0 };
      for (let index = 0; index < 25; index++) {
        const document = drawExperiment(index, { ...options, seed: 'plain', faults });
        const plan = planOf(document, dir)!;
        const contacts = new Map<string, Set<string>>();
        const { status, failures } = await runScenario(plan, {
          onEvent: (event) => {
            if (event.type === 'connection.opened')
              seen.families.add(event.client.includes('::') ? 'v6' : 'v4');
            if (event.type !== 'message.accepted') return;
            const domain = event.rcpt.split('@').at(-1)!;
            seen.domains.add(domain);
            contacts.set(event.domain, (contacts.get(event.domain) ?? new Set()).add(domain));
          },
        });
        expect({ index, status, failures }).toEqual({ index, status: 'passed', failures: [] });
        if ([...contacts.values()].some((domains) => domains.size > 1)) seen.sites++;
      }
      expect(seen.families).toEqual(new Set(['v4', 'v6']));
      expect([...seen.domains]).toEqual(expect.arrayContaining(['xn--bcher-kva.test', 'u.test', 'f.test']));
      expect(seen.sites).toBeGreaterThan(2);
    },
  );

  test('sometimes has a mailing that begins just when a server closes an idle connection', () => {
    const isSo = ({ mailings, network }: ScenarioDocument): boolean => {
      const [first, second] = (mailings as { at: string; building?: string }[]).map(
        ({ at, building = '5s' }) => parseDuration(at)! + parseDuration(building)!,
      );
      const latency = parseDuration((network as { latency: string }).latency)!;
      return IDLE.some(
        (idle) => Math.abs(second! - first! - 11 * latency - parseDuration(idle)!) <= latency && latency > 0,
      );
    };
    const only = { ...options, faults: ['idle-close'] };
    const drawn = Array.from({ length: 400 }, (_, index) => drawExperiment(index, only));
    expect(drawn.filter(isSo).length).toBeGreaterThan(10);
  });

  test('has every fault in some of many, and no fault that is not enabled', () => {
    const texts = Array.from({ length: 400 }, (_, index) => documentText(drawExperiment(index, options)));
    for (const [name, { kind }] of FAULTS) {
      if (kind !== 'behavior' || !BEHAVIORS.has(name)) continue;
      expect(texts.filter((text) => text.includes(`do: ${name}`)).length, name).toBeGreaterThan(0);
    }
    for (const said of SAID)
      expect(texts.filter((text) => said.test(text)).length, said.source).toBeGreaterThan(0);
    const only = { ...options, faults: ['greylist'] };
    for (let index = 0; index < 100; index++) {
      const text = documentText(drawExperiment(index, only));
      expect(text.match(/do: [a-z-]+/g)?.filter((found) => found !== 'do: greylist') ?? []).toEqual([]);
    }
  });
});

describe('shrinking', () => {
  const smallest = (document: ScenarioDocument, fails: (candidate: ScenarioDocument) => boolean) =>
    shrink(document, { fails: (candidate) => Promise.resolve(fails(candidate)), triesMax: 10_000 });

  test('removes everything that is not needed', async () => {
    const document = { a: [1, 2, 3, { needed: '2h30m', other: true }], b: { c: 'x' }, seed: 64 };
    const fails = (candidate: ScenarioDocument): boolean => JSON.stringify(candidate).includes('needed');
    expect(await smallest(document, fails)).toEqual({ a: [{ needed: '0s' }] });
  });

  test('makes durations and numbers simpler while it fails', async () => {
    const fails = ({ at, n }: ScenarioDocument): boolean =>
      typeof at === 'string' && /^\d+h/.test(at) && typeof n === 'number' && n >= 5;
    expect(await smallest({ at: '9h12m', n: 83 }, fails)).toEqual({ at: '1h', n: 5 });
  });

  test('removes a name wherever it is written, and writes what is left in the plainest way', async () => {
    const document: ScenarioDocument = {
      name: 'drawn',
      sites: { s1: { domains: ['a.test'], hosts: [{ name: 'mx1.s1.test' }] } },
      fleet: {
        'BÜCHER.test': { site: 's1', mailboxes: { '"c 1"': [{ do: 'busy', until: '1h' }] } },
        'b.test': { site: 's1' },
      },
      audience: {
        contacts: [
          '"c 1"@xn--bcher-kva.test',
          { address: '"c1"@b.test', status: 'error' },
          '"\\c2"@bücher.test',
          'c3@a.test',
        ],
      },
      mailings: [
        { name: 'm1', to: { domain: 'xn--bcher-kva.test' } },
        { name: 'm2', to: ['c1@b.test'] },
      ],
      events: [
        { at: '1h', 'opt-out': '"c 1"@Bücher.test' },
        { at: '1h', set: 's1', do: 'busy' },
      ],
      expect: [{ at: 'end', m1: { state: 'completed' }, m2: { state: 'completed' } }],
    };
    // Something that needs a site, a contact at one of two domains of it, and what it opts out from.
    const fails = (candidate: ScenarioDocument): boolean => {
      const plan = planOf(candidate, dir);
      if (!plan) return false;
      const { fleet, events, contacts } = plan;
      const siteOf = ({ address }: { address: string }) => fleet[address.split('@').at(-1)!]?.site;
      return (
        events.some(({ action }) => action === 'opt-out') &&
        contacts.some((contact) => siteOf(contact) !== undefined)
      );
    };
    const found = await smallest(document, fails);
    const { sites, fleet, ...rest } = found;
    expect({ sites: Object.keys(sites as object), fleet: Object.keys(fleet as object), ...rest }).toEqual({
      sites: ['s1'],
      fleet: ['xbcher-kva.test'],
      name: 'drawn',
      audience: { contacts: ['q632031@xbcher-kva.test'] },
      mailings: [{ name: 'm2' }],
      events: [{ at: '0s', 'opt-out': 'q632031@xbcher-kva.test' }],
      expect: [{ at: 'end', m2: { state: 'completed' } }],
    });
  });

  test('never returns a document that passes or is larger', async () => {
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

  test('shrinks a real experiment to a few lines', { timeout: 120_000 }, async () => {
    // Stands for a bug: something that happens only under certain faults.
    const fails = async (candidate: ScenarioDocument): Promise<boolean> => {
      const plan = planOf(candidate, dir);
      if (!plan) return false;
      const { mailings } = await runScenario(plan);
      return Object.values(mailings).some(({ causes }) => causes['user-unknown'] !== undefined);
    };
    const shared = ['sites', 'families', 'relay', 'default', 'spellings'];
    const faults = ['nonexistent-user', 'busy', 'add', ...shared];
    const few = { ...options, faults, drawsPolicies: false };
    const isRich = (document: ScenarioDocument): boolean =>
      [/^sites:/m, /@xn--/, /'"c/, /relay:/].every((what) => what.test(documentText(document)));
    let index = 0;
    while (!isRich(drawExperiment(index, few)) || !(await fails(drawExperiment(index, few)))) index++;
    const drawn = drawExperiment(index, few);
    const found = await shrink(drawn, { fails, triesMax: 2000 });
    expect(await fails(found)).toBe(true);
    expect(sizeOf(found)).toBeLessThan(sizeOf(drawn));
    expect(documentText(found).split('\n').length).toBeLessThan(25);
    expect(found['events']).toBeUndefined();
    expect(documentText(found)).not.toMatch(/sites|relay|address: |xn--|"c/);
  });
});

describe('bouncelab explore', () => {
  const place = new Workplace();
  afterAll(() => place.remove());

  test('breaks no rule, and says what it did', { timeout: 120_000 }, async () => {
    const ran = await place.run(['explore', '--runs', '20', '--seed', '3', '--workers', '2']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/20 experiments, [\d,]+ attempts, .* virtual time in .*\nno violation\n/);
  });

  test('ends when its time is up', async () => {
    const ran = await place.run(['explore', '--time', '1ms', '--seed', '3', '--workers', '1']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/[1-9] experiments?, /);
  });

  test.each([
    [['--faults', 'busi'], 'did you mean `busy`?'],
    [['--faults', 'busy,,down'], 'the name of a fault is empty'],
    [['--policy', 'ema'], 'unknown policy `ema`'],
    [['--runs', '0'], 'whole number, at least 1'],
  ])('%s is wrong usage', async (args, message) => {
    const ran = await place.run(['explore', ...args]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
  });

  test('takes a policy file', async () => {
    place.write({ 'mine.yaml': 'name: mine\nretry: { interval: 20m, window: 2h }\n' });
    const args = ['explore', '--policy', './mine.yaml', '--runs', '2', '--seed', '1', '--workers', '1'];
    expect((await place.run(args)).code).toBe(0);
  });

  describe('with a policy that leaves a host alone until mail to it has expired', () => {
    const POLICY = `name: sulky
retry: { interval: 30m, attempts: 2, window: 1h }
destination: { suspend: 60h, allSuspended: wait }
`;
    const args = [
      ...['explore', '--policy', './sulky.yaml', '--faults', 'unreachable'],
      ...['--seed', '1', '--runs', '20', '--workers', '1'],
    ];
    place.write({ 'sulky.yaml': POLICY, 'a-file': '' });

    test('writes down what fails, small, with the faults over before what is expected', async () => {
      const ran = await place.run([...args, '--output', 'found']);
      expect(ran.code).toBe(1);
      const [, file] = /repeat with: bouncelab run (\S+)/.exec(ran.stdout)!;
      const text = place.read(file!);
      expect(text).toContain('bouncelab explore --seed 1 --policy ./sulky.yaml --faults unreachable');
      expect(text.split('\n').length).toBeLessThan(35);
      expect(text).toMatch(/suspend: 60h\n/);
      expect(text).toMatch(/do: unreachable\n +(until|during): /);
      expect((await place.run(['run', file!])).code).toBe(1);
    });

    test('prints the finding also when it cannot be written', async () => {
      const ran = await place.run([...args, '--output', 'a-file/found']);
      expect(ran.code).toBe(2);
      expect(ran.stdout).toContain('bounced.soft of calm, at the end');
      expect(ran.stderr).toMatch(
        /cannot be written to a-file\/found.*\n.*--faults unreachable --runs \d+` finds/,
      );
    });

    test('interrupted while it looks for a smaller one, keeps the one that was drawn', async () => {
      const interrupt = new AbortController();
      const running = place.start([...args, '--output', 'cut'], { signal: interrupt.signal });
      await running.stdout.until('looking for a smaller one');
      interrupt.abort();
      expect(await running.code).toBe(1);
      const { text } = running.stdout;
      expect(text).toContain('interrupted: a smaller scenario may be possible');
      const [, file] = /repeat with: bouncelab run (\S+)/.exec(text)!;
      expect(place.read(file!)).toContain('name: Experiment');
    });
  });
});
