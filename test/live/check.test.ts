// The verdict on a live fleet: facts as its servers report them, judged by a scenario.

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/events/types.js';
import { LiveCheck } from '../../src/live/check.js';
import type { ScenarioResult } from '../../src/results/result.js';
import { loadScenarioText } from '../../src/scenarios/load.js';

const MINUTE = 60_000;

const scenario = (expected: string): string => `name: live
fleet: { example.org: {} }
audience:
  contacts: [bob@example.org, { address: gone@example.org, status: error }]
mailings: [{ name: november }]
expect:
${expected}`;

/** A client that names recipients, each in a session of its own, at these minutes. */
function attempts(...named: [minute: number, rcpt: string][]): [number, Fact][] {
  return named.flatMap(([minute, rcpt], index): [number, Fact][] => {
    const t = minute * MINUTE;
    const session = index + 1;
    const at = { session, domain: 'example.org', host: 'mx.example.org' };
    const line = (text: string): [number, Fact] => [t, { type: 'smtp.command', session, line: text }];
    return [
      [t, { type: 'connection.opened', ...at, client: '127.0.0.1:4000' }],
      line('MAIL FROM:<a@client.test>'),
      line(`RCPT TO:<${rcpt}>`),
      [t, { type: 'smtp.reply', session, stage: 'rcpt', code: 250, lines: ['Ok'] }],
      [t, { type: 'message.accepted', ...at, mailFrom: 'a@client.test', rcpt, size: 10, placement: 'inbox' }],
      [t, { type: 'connection.closed', session }],
    ];
  });
}

interface Played {
  speed?: number;
  suppressed?: string[];
  lagMs?: number;
}

function judged(
  text: string,
  facts: [number, Fact][],
  { speed = 1, lagMs = 0, suppressed = [] }: Played = {},
): ScenarioResult {
  const { plan, problems } = loadScenarioText('live.yaml', text, { cwd: '/' });
  if (!plan) throw new Error(problems.map(({ message }) => message).join('\n'));
  const check = new LiveCheck({ plan: { ...plan, suppressed }, toleranceMs: MINUTE, speed });
  for (const [t, fact] of facts) check.read(fact, t);
  return check.end({ elapsedMs: 120 * MINUTE, lagMs, wallMs: 5 });
}

describe('times', () => {
  const text = scenario('  - { at: end, november: { seen: { bob@example.org: [0m, 30m] } } }\n');

  test('count from the first time that the fleet saw the recipient, within the tolerance', () => {
    for (const second of [39, 40, 41]) {
      const result = judged(text, attempts([10, 'bob@example.org'], [second, 'bob@example.org']));
      expect(result).toMatchObject({ status: 'passed', failures: [], wire: 'live' });
    }
  });

  test('beyond it they fail, at the line that expects them', () => {
    const result = judged(text, attempts([10, 'bob@example.org'], [42, 'bob@example.org']));
    expect(result.status).toBe('failed');
    expect(result.failures).toMatchObject([
      { line: 7, expected: '[0m, 30m], each within 1m', actual: '[0m, 32m]' },
    ]);
  });

  test('an expectation at a time holds when it holds within the tolerance of it', () => {
    const at = scenario('  - { at: 30m, servers: { example.org: { accepted: 1 } } }\n');
    const status = (minute: number): string => judged(at, attempts([minute, 'bob@example.org'])).status;
    expect([29.5, 30.5, 31.5].map(status)).toEqual(['passed', 'passed', 'failed']);
  });
});

test('servers, placement and returned messages are judged, what only the sender knows is listed', () => {
  const text = scenario(`  - at: end
    november:
      delivered: 1
      completed: <= 1h
      lateBounces: 1
      attempts: { bob@example.org: 1 }
      placement: { inbox: 1 }
    servers: { example.org: { connections: 1, refused: 0 } }
    statuses: { active: 1 }
`);
  const returned: Fact = {
    ...{ type: 'message.returned', domain: 'example.org', host: 'mx.example.org', rcpt: 'bob@example.org' },
    ...{
      to: 'a@client.test',
      kind: 'bounce',
      status: '5.1.1',
      action: 'failed',
      outcome: 'sent',
      said: '250',
    },
  };
  const result = judged(text, [...attempts([1, 'bob@example.org']), [20 * MINUTE, returned]]);
  expect(result).toMatchObject({ status: 'passed', failures: [] });
  expect(result.notJudged).toMatchObject([
    { line: 9, subject: 'delivered of november', reason: 'only the sender knows it' },
    { line: 10, subject: 'completion of november' },
    { line: 12, subject: 'attempts of november at bob@example.org' },
    { line: 14, subject: 'refused at example.org' },
    { line: 15, subject: 'contacts with status active' },
  ]);
  const without = judged(text, attempts([1, 'bob@example.org']));
  expect(without.failures).toMatchObject([{ line: 11, expected: '1', actual: '0' }]);
});

test('addresses that no server may see fail the check, also without another expectation', () => {
  const text = scenario('  - { at: end, november: { delivered: 1 } }\n');
  for (const address of ['gone@example.org', 'ann@example.org']) {
    const result = judged(text, attempts([1, address]), { suppressed: ['ann@example.org'] });
    expect(result.failures).toMatchObject([{ invariant: 'suppressed-unseen' }]);
  }
  expect(judged(text, attempts([1, 'bob@example.org'])).status).toBe('passed');
});

describe('there is no verdict', () => {
  const SEEN = scenario('  - { at: end, november: { seen: { bob@example.org: 0 } } }\n');

  test('when servers can judge nothing', () => {
    const text = SEEN.replace('seen: { bob@example.org: 0 }', 'delivered: 1').replace(
      ', { address: gone@example.org, status: error }',
      '',
    );
    const result = judged(text, attempts([1, 'bob@example.org']));
    expect(result).toMatchObject({
      status: 'inconclusive',
      notJudged: [{ subject: 'delivered of november' }],
    });
    expect(result.failures[0]!.message).toContain('nothing that this scenario expects can be judged');
  });

  test('when no client came', () => {
    const result = judged(SEEN, []);
    expect(result).toMatchObject({ status: 'inconclusive', failures: [{ message: 'no client came' }] });
  });

  test('when the machine was too slow for the speed; it says which would do', () => {
    const late = judged(SEEN, attempts([1, 'ann@example.org']), { speed: 1200, lagMs: 100 });
    expect(late.status).toBe('inconclusive');
    expect(late.failures[0]).toMatchObject({
      message: 'this machine was 100 ms late, which is 2m at speed 1200',
      hint: '--speed 600 would do, or a larger --tolerance',
    });
    const slow = judged(SEEN, attempts([1, 'ann@example.org']), { speed: 600, lagMs: 100 });
    expect(slow.status).toBe('passed');
  });
});

test('several mailings are told apart by the return path', () => {
  const text = scenario(
    '  - { at: end, october: { placement: { inbox: 1 } }, november: { placement: { inbox: 0 } } }\n',
  ).replace('[{ name: november }]', '[{ name: november }, { name: october }]');
  const facts = attempts([1, 'bob@example.org']).map(([t, fact]): [number, Fact] => [
    t,
    fact.type === 'smtp.command' && fact.line.startsWith('MAIL')
      ? { ...fact, line: 'MAIL FROM:<bounce+october+bob=example.org@client.test>' }
      : fact,
  ]);
  expect(judged(text, facts).failures).toEqual([]);
});
