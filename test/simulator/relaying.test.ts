// Which recipients a host takes: those of its own domains, and of any domain only when it may relay.

import { describe, expect, test } from 'vitest';
import type { HostPlan, SitePlan } from '../../src/simulator/plan.js';
import { does, Lab, mailboxDoes, type FleetDomain } from './raw-client.js';

const DENIED = '550 5.7.1 Relaying denied\r\n';
const OK = '250 Accepted\r\n';
const HOST: HostPlan = { name: 'mx.shared.example', preference: 10, hasAddress: true, behaviors: [] };

/** Replies of the host of a domain to RCPT of each recipient, in one transaction. */
async function repliesOf(lab: Lab, domain: string, recipients: readonly string[]): Promise<string[]> {
  const replies: string[] = [];
  await lab.play(async () => {
    const client = await lab.session(domain);
    await client.ask('MAIL FROM:<news@sender.test>');
    for (const recipient of recipients) replies.push(await client.ask(`RCPT TO:<${recipient}>`));
    client.socket.destroy();
  });
  return replies;
}

describe.each(['memory', 'tcp'] as const)('over %s, a host', (wire) => {
  const labOf = (fleet: Record<string, FleetDomain>, sites?: Record<string, SitePlan>): Lab =>
    new Lab(fleet, { wire, ...(sites ? { sites } : {}) });

  test('takes recipients of its own domain only', async () => {
    const lab = labOf({ 'example.org': {}, 'example.com': {} });
    const recipients = ['bob@example.com', 'bob@unknown.test', 'bob@Example.ORG', 'bob@sub.example.org'];
    expect(await repliesOf(lab, 'example.org', recipients)).toEqual([DENIED, DENIED, OK, DENIED]);
  });

  test('takes the postmaster without a domain', async () => {
    const lab = labOf({ 'example.org': {} });
    expect(await repliesOf(lab, 'example.org', ['postmaster', 'Postmaster'])).toEqual([OK, OK]);
  });

  test('takes its domain in both spellings', async () => {
    const lab = labOf({ 'xn--bcher-kva.example': {} });
    expect(
      await repliesOf(lab, 'xn--bcher-kva.example', [Buffer.from('bob@bücher.example').toString('latin1')]),
    ).toEqual([OK]);
  });

  test('takes no message when its only recipient is of another domain', async () => {
    const lab = labOf({ 'example.org': {}, 'example.com': {} });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      expect(await client.transaction('carol@example.com', 'news@sender.test')).toContain(DENIED);
    });
    expect(lab.told('message.accepted')).toEqual([]);
  });

  test('denies before any behavior is asked', async () => {
    const lab = labOf({ 'example.org': { behaviors: [does('busy', { stage: 'rcpt' })] } });
    const [other, own] = await repliesOf(lab, 'example.org', ['bob@example.com', 'bob@example.org']);
    expect(other).toBe(DENIED);
    expect(own).toMatch(/^450 4\.3\.2 /);
  });

  test('with relay takes any domain, whose mailboxes are not its own', async () => {
    const lab = labOf({
      'example.org': { relay: true, mailboxes: { bob: [mailboxDoes('mailbox-full')] } },
      'example.com': {},
    });
    const [other, own] = await repliesOf(lab, 'example.org', ['bob@example.com', 'bob@example.org']);
    expect(other).toBe(OK);
    expect(own).toMatch(/^(?:452 4|552 5)\.2\.2 /);
    expect(await repliesOf(lab, 'example.com', ['bob@example.org'])).toEqual([DENIED]);
  });

  test('may relay alone, or be the only one of its domain that does not', async () => {
    const [one, two] = [
      { ...HOST, name: 'mx1', preference: 10 },
      { ...HOST, name: 'mx1', preference: 10, relay: false },
    ];
    const lab = labOf({
      'a.example': { hosts: [{ ...one, relay: true }] },
      'b.example': { hosts: [two], relay: true },
    });
    expect(await repliesOf(lab, 'a.example', ['bob@other.test'])).toEqual([OK]);
    expect(await repliesOf(lab, 'b.example', ['bob@other.test'])).toEqual([DENIED]);
  });

  test('of default takes every domain that the fleet does not name', async () => {
    const lab = labOf({ default: {}, 'example.org': {} });
    const recipients = ['bob@one.test', 'bob@two.test', 'bob@example.org'];
    expect(await repliesOf(lab, 'one.test', recipients)).toEqual([OK, OK, DENIED]);
    expect(await repliesOf(lab, 'example.org', recipients)).toEqual([DENIED, DENIED, OK]);
  });

  test.each([
    [false, [OK, DENIED, OK]],
    [true, [OK, OK, OK]],
  ])('of a site with `relay: %s` takes all domains of the site', async (relay, replies) => {
    const fleet = { 'a.example': { site: 'shared' }, 'b.example': { site: 'shared' }, 'c.example': {} };
    const lab = labOf(fleet, { shared: { hosts: [HOST], behaviors: [], relay } });
    const recipients = ['bob@b.example', 'bob@c.example', 'postmaster'];
    expect(await repliesOf(lab, 'a.example', recipients)).toEqual(replies);
  });
});
