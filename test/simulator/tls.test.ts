// STARTTLS under the virtual clock, seen from both sides: what the hosts log, and what the sender does when
// TLS fails.

import { describe, expect, it } from 'vitest';
import { runPlan } from '../support/runs.js';
import { plan } from '../support/plans.js';
import type { DomainPlan } from '../../src/simulator/plan.js';
import { WIRES } from '../../src/scenarios/plan.js';
import { certificates } from '../../src/simulator/certificates.js';
import { does, Lab, type FleetDomain, type RawClient } from './raw-client.js';

const TLS: DomainPlan = { tls: true, behaviors: [], mailboxes: [] };

function broken(how: string): DomainPlan {
  return { behaviors: [does('tls-broken', { how })], mailboxes: [] };
}

describe.each(WIRES)('over %s', (wire) => {
  const run = (domain: DomainPlan) => runPlan({ ...plan(), wire, fleet: { 'example.org': domain } });

  it('the dialogue starts again under TLS, and its bytes are not logged', async () => {
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

  it('an expired certificate is accepted', async () => {
    const { events, mailing } = await run(broken('expired'));
    expect(mailing().delivered).toBe(1);
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(events.of('tls.started')).toMatchObject([{ certificate: 'expired' }]);
  });
});

describe.each(WIRES)('half a handshake over %s', (wire) => {
  /** The first bytes of a record that holds a ClientHello of 512 bytes. */
  const HALF = '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003';

  /** Clients that all got 220 to STARTTLS, and then do this; after them the fleet does TLS as ever. */
  async function clients(count: number, act: (client: RawClient) => Promise<void>): Promise<Lab> {
    const made = await certificates();
    const lab = new Lab({ 'example.org': { tls: true } }, { wire, certificates: made });
    await lab.play(async () => {
      for (let i = 0; i < count; i++) {
        const client = await lab.session('example.org');
        expect(await client.ask('STARTTLS')).toBe('220 Ready to start TLS\r\n');
        await act(client);
      }
      expect((await lab.attempt('bob@example.org')).at(-1)).toMatch(/^250 /);
    });
    await lab.settle();
    expect(lab.told('tls.started')).toEqual([]);
    expect(lab.told('connection.closed')).toHaveLength(count + 1);
    return lab;
  }

  it.each<[string, (client: RawClient) => void]>([
    ['FIN', (client) => client.socket.end()],
    ['RST', (client) => client.socket.resetAndDestroy()],
    ['no more of the connection', (client) => client.socket.destroy()],
  ])('that ends with %s', async (_name, leave) => {
    const lab = await clients(20, async (client) => {
      client.write(HALF);
      await client.hear(50);
      leave(client);
      await client.hear(50);
    });
    expect(lab.told('tls.failed')).toHaveLength(20);
  });

  it('that does not continue ends after five minutes, without a reply', async () => {
    const lab = await clients(3, async (client) => {
      client.write(HALF);
      expect(await client.hear(299_000)).toBe('');
      expect(client.ended).toBe(false);
      expect(await client.hear(2000)).toBe('');
      expect(client.ended || client.socket.closed).toBe(true);
    });
    expect(lab.told('tls.failed')).toHaveLength(3);
    expect(lab.told('smtp.reply').filter(({ code }) => code === 421)).toEqual([]);
  });

  it('that is no TLS at all ends the connection', async () => {
    const lab = await clients(20, async (client) => {
      client.write('EHLO client.test\r\nMAIL FROM:<a@b.test>\r\n');
      await client.closed();
      expect(client.pending).not.toMatch(/^\d{3}/);
    });
    expect(lab.told('tls.failed')).toHaveLength(20);
    expect(lab.told('smtp.command').filter(({ line }) => line.startsWith('MAIL'))).toHaveLength(1);
  });
});

describe.each(WIRES)('at starttls over %s', (wire) => {
  it.each<[string, FleetDomain['behaviors']]>([
    ['a yes in other words', [does('reply', { stage: 'starttls', code: 220, text: ['Now', 'TLS'] })]],
    ['a yes that is torn', [does('garbled', { stage: 'starttls', as: 'torn' })]],
    ['a yes that comes late and drips', [does('slow', { delay: '9s', rate: '1/s' })]],
    ['silence that ends', [does('unresponsive', { stage: 'starttls', for: '1m' })]],
  ])('%s, and TLS after it', async (_name, behaviors = []) => {
    const fleet = { 'example.org': { tls: true, behaviors, mailboxes: [] } };
    const { events, mailing } = await runPlan({ ...plan(), wire, fleet });
    expect(mailing().delivered).toBe(1);
    expect(events.of('tls.started')).toHaveLength(1);
    expect(events.of('connection.opened')).toHaveLength(1);
  });

  it.each<[string, FleetDomain['behaviors']]>([
    ['454', [does('reply', { stage: 'starttls', code: 454, enhanced: '4.7.0', text: 'Not now' })]],
    ['busy', [does('busy', { stage: 'starttls' })]],
    ['FIN', [does('disconnect', { stage: 'starttls' })]],
    ['RST', [does('disconnect', { stage: 'starttls', how: 'rst' })]],
    ['silence', [does('unresponsive', { stage: 'starttls' })]],
    ['nonsense', [does('garbled', { stage: 'starttls' })]],
    ['a reply without end', [does('garbled', { stage: 'starttls', as: 'unended' })]],
  ])('%s: plain on a second connection, in the same attempt', async (_name, behaviors = []) => {
    const fleet = { 'example.org': { behaviors, mailboxes: [] } };
    const { events, mailing } = await runPlan({ ...plan(), wire, fleet });
    expect(mailing().delivered).toBe(1);
    expect(events.of('attempt')).toMatchObject([{ n: 1, outcome: 'accepted' }]);
    expect(events.of('connection.opened')).toHaveLength(2);
    expect(events.of('tls.started')).toHaveLength(0);
  });

  it('a stray reply is not taken for the reply to a command under TLS', async () => {
    const behaviors = [does('garbled', { stage: 'starttls', as: 'stray' }, { until: 60_000 })];
    const fleet = { 'example.org': { behaviors, mailboxes: [] } };
    const { events, mailing } = await runPlan({ ...plan(), wire, fleet });
    expect(mailing().delivered).toBe(1);
    expect(events.of('tls.started')).toHaveLength(1);
    expect(events.of('connection.opened')).toHaveLength(1);
    // Taken for the reply to EHLO, it would have shifted all that follows.
    expect(events.of('attempt')).toMatchObject([{ n: 1, outcome: 'accepted', stage: 'message' }]);
  });
});

it('a host without STARTTLS does not offer it', async () => {
  const { events } = await runPlan(plan());
  expect(events.commands('STARTTLS')).toEqual([]);
  expect(events.of('smtp.reply').flatMap(({ lines }) => lines)).not.toContain('STARTTLS');
});
