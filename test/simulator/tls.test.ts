// STARTTLS under the virtual clock, seen from both sides: what the servers log, and what the sender
// makes of servers that do not keep what they offer.

import { describe, expect, it } from 'vitest';
import { runPlan } from '../support/runs.js';
import { plan } from '../support/plans.js';
import type { DomainPlan } from '../../src/simulator/plan.js';
import { WIRES } from '../../src/scenarios/plan.js';
import { does } from './raw-client.js';

const TLS: DomainPlan = { tls: true, behaviors: [], mailboxes: [] };

function broken(how: string): DomainPlan {
  return { behaviors: [does('tls-broken', { how })], mailboxes: [] };
}

describe.each(WIRES)('over %s', (wire) => {
  const run = (domain: DomainPlan) => runPlan({ ...plan(), wire, fleet: { 'example.org': domain } });

  it('the dialogue begins anew under TLS, and nothing of the bytes is logged', async () => {
    const { events, mailing } = await run(TLS);
    expect(mailing().delivered).toBe(1);
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(events.of('tls.started')).toMatchObject([{ protocol: 'TLSv1.3', certificate: 'valid' }]);
    expect(events.of('smtp.command').map(({ line }) => line.split(/[ :]/)[0])).toEqual([
      'EHLO',
      'STARTTLS',
      'EHLO',
      'MAIL',
      'RCPT',
      'DATA',
      'QUIT',
    ]);
    const [before, after] = events.of('smtp.reply').filter(({ stage }) => stage === 'ehlo');
    expect(before!.lines).toContain('STARTTLS');
    expect(after!.lines).not.toContain('STARTTLS');
  });

  it.each(['refused', 'handshake'])('%s: plain on a second connection, in the same attempt', async (how) => {
    const { events, mailing } = await run(broken(how));
    expect(mailing().delivered).toBe(1);
    expect(events.of('attempt')).toMatchObject([{ n: 1, outcome: 'accepted' }]);
    expect(events.of('connection.opened')).toHaveLength(2);
    expect(events.peakConnections).toBeLessThanOrEqual(2);
    expect(events.of('tls.started')).toHaveLength(0);
    expect(events.of('tls.failed')).toHaveLength(how === 'handshake' ? 1 : 0);
    const [accepted] = events.of('message.accepted');
    expect(accepted!.session).toBe(2);
    expect(events.of('connection.closed')).toHaveLength(2);
  });

  it('a certificate of years ago is taken', async () => {
    const { events, mailing } = await run(broken('expired'));
    expect(mailing().delivered).toBe(1);
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(events.of('tls.started')).toMatchObject([{ certificate: 'expired' }]);
  });
});

it('without STARTTLS nothing of it is offered', async () => {
  const { events } = await runPlan(plan());
  expect(events.commands('STARTTLS')).toEqual([]);
  expect(events.of('smtp.reply').flatMap(({ lines }) => lines)).not.toContain('STARTTLS');
});
