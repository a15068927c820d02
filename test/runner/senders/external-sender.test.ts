// External senders through the command line: their reports are checked against what the servers saw. A faulty
// sender is named in the failure of its scenario and does not affect the other scenarios.

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { moduleText, play, playOne, SCENARIO, workplace } from './external-module.js';

const NAIVE = fileURLToPath(new URL('../../../examples/naive-sender.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

describe('a sender that keeps the contract', () => {
  const GOOD =
    'return { send: async ({ name, contacts }) => { for (const { address } of contacts) await mail(name, address); } };';

  test('passes, and its run repeats to the byte', async () => {
    const first = await playOne(GOOD);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const second = await playOne(GOOD, ['--check-determinism']);
    expect(second.code).toBe(0);
    expect(second.run!.scenarios[0]!.fingerprint).toBe(first.run!.scenarios[0]!.fingerprint);
  });

  test('may name contacts in another spelling than the scenario', async () => {
    const scenario = SCENARIO.replaceAll('example.org', 'bücher.example');
    const other = moduleText(GOOD).replaceAll(
      'await mail(name, address)',
      "await mail(name, address.replace('bücher', 'xn--bcher-kva').toUpperCase())",
    );
    const ran = await play({ 'mine.js': other }, ['a.yaml', '--sender', 'mine.js'], { 'a.yaml': scenario });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  const LATER = (ms: string): string =>
    moduleText(`return { send: async ({ name, contacts }) => {
      await new Promise((go) => setTimeout(go, ${ms}));
      await mail(name, contacts[0].address);
    } };`);

  test('may keep state: it is loaded anew for each run', async () => {
    const modules = {
      'count.js': 'let n = 0;\nexport const next = () => ++n;\n',
      'mine.js': `import { next } from './count.js';\n${LATER('next()')}`,
    };
    const ran = await play(modules, ['a.yaml', '--sender', 'mine.js', '--check-determinism']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  test('that reads a file it wrote in the first run fails the check of determinism', async () => {
    const modules = {
      'mine.js': `import { existsSync, writeFileSync } from 'node:fs';
        const file = new URL('left.txt', import.meta.url);
        const ms = existsSync(file) ? 2 : 1;
        writeFileSync(file, '');
        ${LATER('ms')}`,
    };
    const { run, code, stdout } = await play(modules, [
      'a.yaml',
      '--sender',
      'mine.js',
      '--check-determinism',
    ]);
    expect(code).toBe(1);
    const [scenario] = run!.scenarios;
    expect(scenario!.failures).toMatchObject([
      {
        invariant: 'determinism',
        message: expect.stringMatching(/^two runs with seed \S+ differ from event \d+ on$/) as string,
      },
    ]);
    expect(stdout).toContain('two runs differ');
    expect(stdout).toMatch(/repeat with: bouncelab run a\.yaml .*--sender mine\.js --check-determinism$/m);
  });

  test('is named in the scenario by a path from there', async () => {
    const scenario = SCENARIO.replace('fleet:', 'sender: ../mine.js\nfleet:');
    const ran = await play({ 'mine.js': moduleText(GOOD) }, ['deep/a.yaml'], { 'deep/a.yaml': scenario });
    expect(ran.code).toBe(0);
  });

  test('runs in virtual time, also with the timers of the modules of Node', async () => {
    const place = {
      'mine.js': `import { setTimeout as sleep } from 'node:timers/promises';\n${moduleText(
        'return { send: async ({ name, contacts }) => { await sleep(86_400_000); await mail(name, contacts[0].address); } };',
      )}`,
    };
    const ran = await play(place, ['a.yaml', '--sender', 'mine.js']);
    expect(ran.code).toBe(0);
    expect(ran.run!.scenarios[0]!.virtualMs).toBeGreaterThanOrEqual(86_400_000);
  });

  test('that reports nothing is checked against what the servers saw', async () => {
    const silent = GOOD.replace('await mail(name, address)', 'await mail(name, address)');
    const scenario = SCENARIO.replace(', delivered: 1, state: completed', '');
    const ran = await play(
      { 'mine.js': moduleText(silent).replace('report.delivered(name, to);', '') },
      ['a.yaml', '--sender', 'mine.js'],
      { 'a.yaml': scenario },
    );
    expect(ran.code).toBe(0);
  });

  test('reaches a host with an IPv6 address alone', async () => {
    const body = `return { send: async ({ name }) => {
      const [{ exchange }] = await resolveMx('example.org');
      const a = await resolve4(exchange).catch(({ code }) => code);
      const [address] = await ports.resolve6(exchange);
      if (a !== 'ENODATA') throw new Error('A: ' + a);
      await say(dial(address), 'me@me.example', 'bob@example.org');
      report.delivered(name, 'bob@example.org');
    } };`;
    const ran = await play({ 'mine.js': moduleText(body) }, ['a.yaml', '--sender', 'mine.js'], {
      'a.yaml': SCENARIO.replace('{}', '{ hosts: [{ name: mx1, address: [v6] }] }'),
    });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  test('gets a connect timeout from a server that does not answer, as from an operating system', async () => {
    const body = `return { send: async () => {
      const [address] = await resolve4((await resolveMx('example.org'))[0].exchange);
      const began = Date.now();
      const error = await new Promise((resolve) => dial(address).on('error', resolve));
      if (error.code !== 'ETIMEDOUT' || Date.now() - began !== 127_000) throw error;
    } };`;
    const ran = await play({ 'mine.js': moduleText(body) }, ['a.yaml', '--sender', 'mine.js'], {
      'a.yaml': SCENARIO.replace('{}', '{ behaviors: [{ do: unreachable }] }').replace(
        /november: {[^]*/,
        'november: { delivered: 0 }\n',
      ),
    });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  test('that reports a false delivery fails', async () => {
    const ran = await playOne("return { send: ({ name }) => report.delivered(name, 'bob@example.org') };");
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(
      'invariant delivered-means-accepted is broken for bob@example.org in november',
    );
  });

  test('starts anew for each scenario', async () => {
    const counting = moduleText(GOOD).replace('export function', 'let created = 0;\nexport function');
    const once = counting.replace(
      'const { dial',
      "if (++created > 1) throw new Error('not new');\n  const { dial",
    );
    const scenarios = { 'a.yaml': SCENARIO, 'b.yaml': SCENARIO.replace('one contact', 'another') };
    const ran = await play(
      { 'mine.js': once },
      ['a.yaml', 'b.yaml', '--sender', 'mine.js', '--workers', '1'],
      scenarios,
    );
    expect(ran.code).toBe(0);
  });
});

describe('a sender at fault is named', () => {
  const NEVER = 'new Promise(() => {})';
  test.each([
    ['throws at load', "throw new Error('no luck today');", 1, 'it cannot be loaded: no luck today'],
    [
      'throws in send',
      "return { send() { throw new Error('no luck today'); } };",
      1,
      'send(november) failed: no luck today',
    ],
    [
      'rejects',
      "return { async send() { throw new Error('no luck today'); } };",
      1,
      'send(november) failed: no luck today',
    ],
    [
      'throws in a timer',
      "return { send: () => new Promise(() => setTimeout(() => { throw new Error('no luck today'); }, 1000)) };",
      1,
      'it failed: no luck today',
    ],
    [
      'throws in a listener of a socket',
      "return { send: async () => { dial('127.1.0.1').on('data', () => { throw new Error('no luck today'); }); await resolveMx('example.org'); } };",
      1,
      'no luck today',
    ],
    [
      'leaves a rejection alone',
      "return { send() { void Promise.reject(new Error('no luck today')); } };",
      1,
      'it failed: no luck today',
    ],
    ['is no sender', 'return 5;', 1, 'has no function `send`'],
    [
      'never finishes',
      `return { send: () => ${NEVER} };`,
      5,
      'send(november) of the sender mine.js has not ended',
    ],
    [
      'waits for real work that it does not tell of',
      'return { send: () => Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000).value };',
      5,
      'a real timer, a file',
    ],
    [
      'throws nothing at all',
      'return { send() { throw Object.create(null); } };',
      1,
      'cannot be converted to text',
    ],
    [
      'keeps its process busy',
      'return { send() { for (;;) {} } };',
      1,
      'it kept its process busy: it used more than 5s of real time',
    ],
    ['never loads', `return ${NEVER};`, 1, 'loading it does not come to an end'],
    [
      'goes on for ever',
      'return { send: () => new Promise(() => setInterval(() => {}, 86_400_000)) };',
      5,
      'of virtual time',
    ],
  ])('%s', async (_, body, code, message) => {
    const ran = await playOne(body);
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(ran.code).toBe(code);
    expect(ran.stdout).not.toMatch(/^\s+at .*node:internal/m);
    if (code === 1) expect(ran.stdout).toContain('the sender mine.js is at fault');
  });

  test('by its place in the scenario where the scenario names it', async () => {
    const scenario = SCENARIO.replace('fleet:', 'sender: ./mine.js\nfleet:');
    const ran = await play({ 'mine.js': moduleText("throw new Error('no luck');") }, ['a.yaml'], {
      'a.yaml': scenario,
    });
    expect(ran.stdout).toContain('a.yaml:2:9');
  });

  test('and does not disturb the scenarios beside and after it', async () => {
    const scenarios = {
      'a.yaml': SCENARIO.replace('fleet:', 'sender: ./bad.js\nfleet:'),
      'b.yaml': SCENARIO.replace('one contact', 'ours'),
      'c.yaml': SCENARIO.replace('fleet:', 'sender: ./worse.js\nfleet:'),
      'd.yaml': SCENARIO.replace('one contact', 'ours again'),
    };
    const modules = {
      'bad.js': moduleText("return { send() { setTimeout(() => { throw new Error('late'); }, 5); } };"),
      'worse.js': moduleText('return { send() { for (;;) {} } };'),
    };
    const ran = await play(modules, ['.', '--workers', '1', '--timeout', '4s'], scenarios);
    expect(ran.code).toBe(1);
    expect(ran.run!.scenarios.map(({ file, status }) => `${file} ${status}`)).toEqual([
      'a.yaml failed',
      'b.yaml passed',
      'c.yaml failed',
      'd.yaml passed',
    ]);
  });
});

describe('a scenario is refused', () => {
  test('with a module that does not exist, at its place', async () => {
    const scenario = SCENARIO.replace('fleet:', 'sender: ./gone.js\nfleet:');
    const ran = await play({}, ['a.yaml'], { 'a.yaml': scenario });
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('the sender `./gone.js` cannot be read: there is no such file');
    expect(ran.stdout).toContain('a.yaml:2:9');
  });

  test('but not for a large module: it may be a bundle', async () => {
    const padding = `// ${'x'.repeat(1024 * 1024)}\n`;
    const scenario = SCENARIO.replace('fleet:', 'sender: ./mine.js\nfleet:');
    const ran = await play({ 'mine.js': padding + moduleText('return { send() {} };') }, ['a.yaml'], {
      'a.yaml': scenario,
    });
    expect(ran.stdout).not.toContain('cannot be read');
    expect(ran.code).not.toBe(3);
  });

  test('with a crash, since the sender has no store', async () => {
    const scenario = `${SCENARIO.replace('fleet:', 'sender: ./mine.js\nfleet:')}events: [{ at: 1h, crash: sender, restart: 1m }]\n`;
    const ran = await play({ 'mine.js': moduleText('return { send() {} };') }, ['a.yaml'], {
      'a.yaml': scenario,
    });
    expect(ran.code).toBe(3);
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain('the scenario has a `crash` event');
  });

  test('with an automated mailing', async () => {
    const scenario = SCENARIO.replace('fleet:', 'sender: ./mine.js\nfleet:').replace(
      '{ name: november }',
      '{ name: november, kind: automated, every: 1d, count: 2 }',
    );
    const ran = await play({ 'mine.js': moduleText('return { send() {} };') }, ['a.yaml'], {
      'a.yaml': scenario,
    });
    expect(ran.code).toBe(3);
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain('the scenario has an automated mailing');
  });
});

describe('a sender that brings all mail to the server of the first contact', () => {
  const MISROUTED = `return { send: async ({ name, contacts }) => {
    const [{ exchange }] = await resolveMx(contacts[0].address.split('@')[1]);
    const [address] = await resolve4(exchange);
    for (const { address: to } of contacts) {
      await say(dial(address), 'bounce+' + name + '+x@return.example', to);
      report.delivered(name, to);
    }
  } };`;
  const scenario = (relay: string): string => `name: two domains
fleet: { example.org: ${relay}, example.com: {} }
audience: { contacts: [bob@example.org, carol@example.com] }
mailings: [{ name: november }]
expect:
  - at: end
    november: { delivered: 2 }
`;
  const playMisrouted = (relay: string) =>
    play({ 'mine.js': moduleText(MISROUTED) }, ['a.yaml', '--sender', 'mine.js'], {
      'a.yaml': scenario(relay),
    });

  test('fails: that server takes no mail for another domain', async () => {
    const { code, run } = await playMisrouted('{}');
    expect(code).toBe(1);
    expect(run!.scenarios[0]!.failures).toMatchObject([
      {
        invariant: 'delivered-means-accepted',
        message: expect.stringContaining('carol@example.com') as string,
      },
    ]);
  });

  test('passes when that server relays', async () => {
    expect((await playMisrouted('{ relay: true }')).code).toBe(0);
  });
});

describe('the naive sender', () => {
  const expose = async (file: string): Promise<string> => {
    const place = workplace();
    const { stdout } = await place.run(['run', `${ROOT}scenarios/${file}`, '--sender', NAIVE]);
    return stdout.replaceAll(/\s+/g, ' ');
  };

  test.each([
    ['audience/who-is-mailed.yaml', 'expected 0, found 1'],
    ['retry/exhausted-421-is-a-soft-bounce.yaml', 'bounced.soft'],
    ['retry/grid-does-not-drift.yaml', 'attempts of'],
    ['outages/down-for-good-emma.yaml', 'refused at'],
  ])('fails %s', async (file, message) => {
    expect(await expose(file)).toContain(message);
  });
});
