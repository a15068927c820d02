// Domains that share MX hosts: which of them have one destination, how long an MX answer counts, and the limits
// of the site, over every wire.

import { describe, expect, test } from 'vitest';
import type { ScenarioPlan } from '../../src/scenarios/plan.js';
import { WIRES } from '../../src/scenarios/plan.js';
import { loadScenarioText } from '../../src/scenarios/load.js';
import { runPlan } from '../support/runs.js';

const DOMAINS = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example'];

/** A scenario of which a test writes fleet, contacts and mailings. */
function scenario(parts: {
  fleet: string;
  contacts: string;
  mailings?: string;
  policy?: string;
}): ScenarioPlan {
  const { fleet, contacts, mailings = '[{ name: news }]', policy = 'emma' } = parts;
  const text = `name: sites\npolicy: ${policy}\n${fleet}\naudience: ${contacts}\nmailings: ${mailings}
expect: [{ at: end, ${/name: ([a-z0-9]+)/.exec(mailings)![1]}: { inProgress: 0 } }]\n`;
  const { plan, problems } = loadScenarioText('sites.yaml', text, { cwd: '.' });
  if (!plan) throw new Error(problems.map(({ message }) => message).join('\n'));
  return plan;
}

const PROVIDER = `sites: { provider: { domains: [${DOMAINS.join(', ')}], hosts: [{ name: mx.provider.example }], behaviors: [{ do: throttle, connections: 3, rate: 100/h }] } }\nfleet: {}`;
const READERS = `{ generate: [${DOMAINS.map((domain) => `{ count: 30, at: ${domain}, prefix: r }`).join(', ')}] }`;

describe.each(WIRES)('five domains behind one host over %s', (wire) => {
  const play = async (policy: string) => {
    const plan = scenario({ fleet: PROVIDER, contacts: READERS, policy });
    return runPlan({ ...plan, wire });
  };

  test('share three connections, which carry mail of all of them', async () => {
    const { events, result, mailing } = await play('{ destination: { connections: 3 } }');
    expect(result.failures).toEqual([]);
    expect(mailing()).toMatchObject({ delivered: 150 });
    expect(events.peakConnections).toBe(3);
    expect(result.servers['provider']).toMatchObject({ accepted: 150, peakConnections: 3 });
    expect(events.of('smtp.reply').filter(({ code }) => code === 421)).toEqual([]);
    const carried = new Map<number, Set<string>>();
    for (const { session, line } of events.commands('RCPT')) {
      const domains = carried.get(session) ?? new Set();
      carried.set(session, domains.add(/@([^>]*)/.exec(line)![1]!));
    }
    expect(Math.max(...Array.from(carried.values(), ({ size }) => size))).toBeGreaterThan(1);
  });

  test('exceed the limit of the host when the policy keeps them apart, and the result shows which', async () => {
    const { events, result, mailing } = await play('{ destination: { by: domain, connections: 3 } }');
    expect(mailing()).toMatchObject({ delivered: 150 });
    expect(events.of('smtp.reply').some(({ code, stage }) => code === 421 && stage === 'connect')).toBe(true);
    const { domains = {} } = result.servers['provider']!;
    expect(Object.keys(domains).sort()).toEqual(DOMAINS);
    for (const { accepted } of Object.values(domains)) expect(accepted).toBe(30);
    const atConnect = events.of('attempt').filter(({ stage }) => stage === 'connect');
    expect(atConnect.length).toBeGreaterThan(0);
    for (const { domain } of atConnect) expect(domains[domain]!.failed).toBeGreaterThan(0);
  });
});

describe('the MX of a domain of a site', () => {
  const TWO = 'sites: { p: { domains: [a.example, b.example], hosts: [{ name: mx.p.example }] } }\nfleet: {}';
  const lookups = (events: { of(type: 'dns.answered'): { query: string; name: string; t: number }[] }) =>
    events.of('dns.answered').flatMap(({ query, name, t }) => (query === 'MX' ? [`${name} ${t}`] : []));
  const contacts = '{ contacts: [ann@a.example, bob@b.example] }';

  test('are looked up once while a connection from then is open', async () => {
    const mailings = '[{ name: one, building: 0s }, { name: two, at: 3s, building: 0s }]';
    const { events } = await runPlan(scenario({ fleet: TWO, contacts, mailings }));
    // The second connection is for the delivery to b.example.
    expect(lookups(events)).toEqual(['a.example 0', 'b.example 0', 'b.example 20']);
  });

  test('are looked up again when no connection is left', async () => {
    const mailings = '[{ name: one, building: 0s }, { name: two, at: 1h, building: 0s }]';
    const { events } = await runPlan(scenario({ fleet: TWO, contacts, mailings }));
    const again = lookups(events).filter((line) => line.endsWith(' 3600000'));
    expect(again.sort()).toEqual(['a.example 3600000', 'b.example 3600000']);
  });

  test('lead to no other answer: a domain that has gone bounces, the other is delivered', async () => {
    const fleet =
      'sites: { p: { hosts: [{ name: mx.p.example }] } }\nfleet: { a.example: { site: p }, b.example: { site: p, dns: { answer: nxdomain, during: 1s..2h } } }';
    const mailings = '[{ name: one, building: 0s }, { name: two, at: 1h, building: 0s }]';
    const { events, mailing } = await runPlan(scenario({ fleet, contacts, mailings }));
    expect(mailing('one')).toMatchObject({ delivered: 2 });
    expect(mailing('two')).toMatchObject({ delivered: 1, bounced: { hard: 1 } });
    expect(events.attempts('bob@b.example', 'two')).toMatchObject([{ error: 'ENOTFOUND' }]);
  });

  test('a 5xx greeting is the result of all that is due, whatever its domain', async () => {
    const fleet =
      'sites: { p: { domains: [a.example, b.example], hosts: [{ name: mx.p.example }], behaviors: [{ reply: { stage: connect, code: 554, text: No } }] } }\nfleet: {}';
    const { events } = await runPlan(scenario({ fleet, contacts }));
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(events.of('attempt')).toMatchObject([
      { address: 'ann@a.example', shared: true, reply: { code: 554 } },
      { address: 'bob@b.example', shared: true, reply: { code: 554 } },
    ]);
  });

  test('of which one host is shared send no mail to the host of another domain', async () => {
    const fleet =
      'fleet: { a.example: { hosts: [{ name: mx1.p.example }, { name: mx2.p.example }] }, b.example: { hosts: [{ name: mx2.p.example }, { name: mx3.p.example }] } }';
    const many =
      '{ generate: [{ count: 40, at: a.example, prefix: r }, { count: 40, at: b.example, prefix: r }] }';
    const { events, mailing } = await runPlan(scenario({ fleet, contacts: many }));
    expect(mailing()).toMatchObject({ delivered: 80 });
    const hosts = (domain: string) =>
      new Set(
        events.of('message.accepted').flatMap(({ rcpt, host }) => (rcpt.endsWith(domain) ? [host] : [])),
      );
    expect(hosts('@a.example')).not.toContain('mx3.p.example');
    expect(hosts('@b.example')).not.toContain('mx1.p.example');
  });
});
