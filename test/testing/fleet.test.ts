// Fleets that programs start: nodemailer is the sender, and what the servers saw is asked of the fleet.

import dns from 'node:dns/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import nodemailer from 'nodemailer';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  BouncelabError,
  InvalidInputError,
  playScenario,
  startFleet,
  type FleetOptions,
  type LivePlace,
  type RunningFleet,
} from '../../src/index.js';
import '../../src/testing/vitest/index.js';

const dir = mkdtempSync(path.join(tmpdir(), 'bouncelab-fleets-'));
afterAll(() => rmSync(dir, { recursive: true }));

const FLEET = {
  fleet: {
    'example.org': {
      hosts: [{ name: 'mx1' }, { name: 'mx2', preference: 20 }],
      mailboxes: { bob: 'mailbox-full', carol: { do: 'greylist', for: '5m' } },
    },
    default: {},
  },
};

async function started(
  input?: Parameters<typeof startFleet>[0],
  options?: FleetOptions,
): Promise<RunningFleet> {
  const fleet = await startFleet(input, options);
  onTestFinished(() => fleet.close().catch(() => {}));
  return fleet;
}

/** Sends one message. @returns the reply code of a refusal, or 250 */
async function send({ address, port }: LivePlace, to: string): Promise<number> {
  const transport = nodemailer.createTransport({ host: address, port, ignoreTLS: true });
  try {
    await transport.sendMail({ from: 'news@sender.example', to, subject: 'Hi', text: 'Hi' });
    return 250;
  } catch (error) {
    return (error as { responseCode: number }).responseCode;
  } finally {
    transport.close();
  }
}

/** Whether something listens there. */
const listens = ({ address, port }: LivePlace): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ host: address, port });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

const NAMED = {
  'a file': 'fleet.yaml',
  text: 'fleet: { example.org: {} }\n',
  'an object': { fleet: { 'example.org': {} } },
};

describe('a fleet', () => {
  test.each(Object.entries(NAMED))('is started from %s', async (_, input) => {
    writeFileSync(path.join(dir, 'fleet.yaml'), 'fleet:\n  example.org: {}\n');
    const fleet = await started(input, { cwd: dir });
    expect(fleet.hosts).toMatchObject([{ domain: 'example.org', name: 'mx.example.org', family: 'v4' }]);
    expect(await send(fleet.host('example.org'), 'bob@example.org')).toBe(250);
  });

  test('accepts everything when nothing is given', async () => {
    const fleet = await started();
    expect(await send(fleet.smarthost, 'bob@anywhere.example')).toBe(250);
    expect(fleet.messages).toMatchObject([{ to: 'bob@anywhere.example', from: 'news@sender.example' }]);
  });

  test('refuses as its mailboxes do, and knows what its servers saw', async () => {
    const fleet = await started(FLEET);
    const mx = fleet.host('example.org');
    expect(mx.name).toBe('mx1.example.org');
    expect(await send(mx, 'bob@example.org')).toBe(452);
    expect(await send(mx, 'bob@example.org')).toBe(452);
    expect(await send(fleet.host('mx2.example.org'), 'dave@example.org')).toBe(250);
    expect(fleet.seen('Bob@example.org')).toHaveLength(2);
    expect(fleet).toHaveBeenSeen('bob@example.org', 2);
    expect(fleet).not.toHaveBeenSeen('carol@example.org');
    expect(fleet.messages.map(({ to, host }) => ({ to, host }))).toEqual([
      { to: 'dave@example.org', host: 'mx2.example.org' },
    ]);
    expect(fleet.events[0]).toMatchObject({ seq: 0, type: 'connection.opened' });
    expect(fleet.summary.map(({ host, sessions }) => ({ host, sessions }))).toEqual([
      { host: 'mx1.example.org', sessions: 2 },
      { host: 'mx2.example.org', sessions: 1 },
    ]);
  });

  test('has a DNS server for its names', async () => {
    const fleet = await started(FLEET);
    const resolver = new dns.Resolver();
    resolver.setServers([`${fleet.dns.address}:${fleet.dns.port}`]);
    const [first] = (await resolver.resolveMx('example.org')).sort((a, b) => a.priority - b.priority);
    expect(first!.exchange).toBe('mx1.example.org');
  });

  test('changes while it runs', async () => {
    const fleet = await started(FLEET);
    fleet.setBehaviors('bob@example.org', []);
    expect(await send(fleet.host('example.org'), 'bob@example.org')).toBe(250);
    fleet.setBehaviors('mx1.example.org', { do: 'blocklisted' });
    expect(await send(fleet.host('example.org'), 'dave@example.org')).toBeGreaterThanOrEqual(500);
    fleet.setBehaviors('mx1.example.org', 'down');
    expect(await listens(fleet.host('mx1.example.org'))).toBe(false);
    fleet.setBehaviors('mx1.example.org', []);
    await expect.poll(() => listens(fleet.host('mx1.example.org'))).toBe(true);
  });

  test('has a clock that runs faster', async () => {
    const fleet = await started(FLEET, { speed: 36_000 });
    expect(await send(fleet.smarthost, 'carol@example.org')).toBe(451);
    // Five minutes of the fleet are 8 ms.
    await expect.poll(() => send(fleet.smarthost, 'carol@example.org')).toBe(250);
    const [first, ...rest] = fleet.seen('carol@example.org');
    expect(rest.at(-1)! - first!).toBeGreaterThanOrEqual(5 * 60_000);
    expect(fleet).toHaveBeenSeenAt('carol@example.org', ['0m', ...rest.map((at) => `${at - first!}ms`)]);
  });

  test('is waited for', async () => {
    const fleet = await started(FLEET);
    const accepted = fleet.waitFor((event) => event.type === 'message.accepted');
    await send(fleet.smarthost, 'dave@example.org');
    expect(await accepted).toMatchObject({ rcpt: 'dave@example.org' });
    expect(await fleet.waitFor((event) => event.type === 'connection.opened')).toMatchObject({ seq: 0 });
    await expect(fleet.waitFor(() => false, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'E_WATCHDOG' });
  });

  test('passes on its events', async () => {
    const types: string[] = [];
    const fleet = await started(FLEET, { onEvent: ({ type }) => types.push(type) });
    await send(fleet.smarthost, 'dave@example.org');
    expect(types).toEqual(fleet.events.map(({ type }) => type));
    expect(types).toContain('message.accepted');
  });
});

describe('the end of a fleet', () => {
  test('closes its ports, once, and what it saw can still be read', async () => {
    const fleet = await startFleet(FLEET);
    const place = fleet.host('example.org');
    await send(place, 'dave@example.org');
    const waiting = fleet.waitFor(() => false);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'E_STOPPED' });
    await Promise.all([fleet.close(), fleet.close()]);
    await fleet.close();
    await refused;
    expect(await listens(place)).toBe(false);
    expect(fleet).toHaveBeenSeen('dave@example.org', 1);
    expect(() => fleet.setBehaviors('example.org', [])).toThrow('the fleet is closed: it cannot change');
    await expect(fleet.waitFor(() => false)).rejects.toThrow('the fleet is closed: it cannot wait');
  });

  test('comes with `await using`, and with a signal', async () => {
    let place: LivePlace;
    {
      await using fleet = await startFleet(FLEET);
      place = fleet.host('example.org');
      expect(await listens(place)).toBe(true);
    }
    expect(await listens(place)).toBe(false);
    const abort = new AbortController();
    const fleet = await startFleet(FLEET, { signal: abort.signal });
    abort.abort();
    await expect.poll(() => listens(fleet.smarthost)).toBe(false);
  });
});

test('two fleets and three runs at once do not disturb each other', async () => {
  const scenario = {
    name: 'a run beside fleets',
    ...FLEET,
    audience: { contacts: ['bob@example.org', 'dave@example.org'] },
    mailings: [{ name: 'november' }],
    expect: [{ at: 'end', november: { delivered: 1, bounced: { soft: 1 } } }],
  };
  const fleets = await Promise.all([started(FLEET), started(FLEET, { speed: 600 })]);
  const [one, two] = fleets;
  const [runs, codes] = await Promise.all([
    Promise.all(['memory', 'tcp', 'memory'].map((wire) => playScenario(scenario, { wire: wire as 'tcp' }))),
    Promise.all(fleets.map((fleet) => send(fleet.host('example.org'), 'bob@example.org'))),
  ]);
  for (const run of runs) expect(run).toHavePassed();
  expect(runs[0]!.fingerprint).toBe(runs[2]!.fingerprint);
  expect(codes).toEqual([452, 452]);
  one.setBehaviors('bob@example.org', []);
  expect(await Promise.all(fleets.map((fleet) => send(fleet.smarthost, 'bob@example.org')))).toEqual([
    250, 452,
  ]);
  await one.close();
  expect(await send(two.smarthost, 'dave@example.org')).toBe(250);
});

describe('a fleet that cannot be', () => {
  test('has all of its problems and their places', async () => {
    const error = await startFleet({
      fleet: { 'example.org': { mailboxes: { bob: 'mailbox-ful' }, tsl: true } },
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).problems).toMatchObject([
      { file: 'inline.yaml', line: 4, message: expect.stringContaining('mailbox-ful') as string },
      { file: 'inline.yaml', line: 5, message: expect.stringContaining('tsl') as string },
    ]);
  });

  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    ['without a file', () => startFleet('gone.yaml'), 'E_NOT_FOUND', /no file `gone.yaml`/],
    ['of a folder', () => startFleet('.', { cwd: dir }), 'E_SCENARIO', /folder/],
    ['of a number', () => startFleet(5 as never), 'E_USAGE', /a fleet was expected, found `5`/],
    ['with another option', () => startFleet(FLEET, { port: 25 } as never), 'E_USAGE', /no option `port`/],
    ['at no speed', () => startFleet(FLEET, { speed: 0 }), 'E_USAGE', /`speed` must be/],
    ['at any speed', () => startFleet(FLEET, { speed: NaN }), 'E_USAGE', /`speed` must be/],
    ['beyond loopback', () => startFleet(FLEET, { firstAddress: '10.0.0.1' }), 'E_USAGE', /10\.0\.0\.1/],
    ['after its signal', () => startFleet(FLEET, { signal: AbortSignal.abort() }), 'E_STOPPED', /its signal/],
  ])('%s', async (_, act, code, message) => {
    const error: unknown = await act().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BouncelabError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test('at a port that is in use', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const options = { smtpPort: port, firstAddress: '127.0.0.1' };
    await expect(startFleet(FLEET, options)).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  test.each<[string, string, unknown, string]>([
    ['a domain', 'example.com', 'busy', 'the fleet has no domain `example.com`'],
    ['a behavior', 'example.org', 'bussy', '`bussy`'],
    ['a parameter', 'bob@example.org', { do: 'busy', attempt: 1 }, '`attempt`'],
    ['no behavior at all', 'example.org', undefined, 'a behavior is a name or a mapping'],
    ['no subject', undefined as never, 'busy', '`set`'],
  ])('cannot set %s that is not there', async (_, subject, behaviors, message) => {
    const fleet = await started(FLEET);
    expect(() => fleet.setBehaviors(subject, behaviors as never)).toThrow(message);
    expect(() => fleet.host('example.net')).toThrow('the fleet has no host for `example.net`');
  });
});
