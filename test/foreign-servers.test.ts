// The sender against servers that are not ours, in real time over real TCP: whatever our own fleet
// and our own sender agree on, these did not hear of it. Skipped where Postfix is not installed.

import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSender, loopbackOnly, type CreateSenderOptions, type RunEvent } from '../src/index.js';
import { installed, isRoot, startPostfix, startSink, until, type Sink } from './support/foreign-servers.js';
import { policy } from './support/policies.js';

const BOB = 'bob@example.org';

/** So many attempts, a fifth of a second apart. */
const attemptsOf = (total: number) =>
  policy({
    retry: { intervalsMs: [200], windowMs: 10_000, attempts: { counting: 'total', total } },
    destination: { suspendMs: 0 },
  });
const QUICK = attemptsOf(3);
const ONCE = attemptsOf(1);

type Attempt = RunEvent & { type: 'attempt' };

/** Sends one mailing to a port of this machine, whatever the domain, and waits for its end. */
async function send(port: number, contacts: string[], options: CreateSenderOptions = {}, text = 'Hello') {
  const events: RunEvent[] = [];
  let open = 0;
  let peak = 0;
  const sender = createSender({
    resolver: {
      resolveMx: () => Promise.resolve([{ exchange: 'mx.example.org', preference: 0 }]),
      resolve4: () => Promise.resolve(['127.0.0.1']),
    },
    dialer: loopbackOnly({
      dial: (address) => {
        peak = Math.max(peak, ++open);
        return net.connect({ host: address, port }).once('close', () => open--);
      },
    }),
    policy: QUICK,
    returnPathDomain: 'sender.example',
    clientName: 'sender.example',
    onEvent: (event) => events.push(event),
    ...options,
    // Connections end with QUIT, and soon.
    limits: { idleMs: 50, ...options.limits },
  });
  onTestFinished(() => sender.stop());
  for (const address of contacts) sender.addContact({ address });
  sender.send({ name: 'news', message: { subject: 'News', text } });
  const figures = await sender.completed('news');
  const statuses = Object.fromEntries([...sender.contacts()].map((each) => [each.address, each]));
  const attempts = events.filter((event): event is Attempt => event.type === 'attempt');
  return { figures, statuses, attempts, peak, sender };
}

/** Waits until a sink has seen so many connections end, the one that waited for it among them. */
const ended = (sink: Sink, sessions: number): Promise<void> =>
  until(() => sink.counted().sessions >= sessions + 1);

describe.skipIf(!installed('smtp-sink'))('smtp-sink of Postfix', () => {
  test('takes a mailing over few connections, each with QUIT', async () => {
    const sink = await startSink();
    const contacts = Array.from({ length: 50 }, (_, index) => `bob${index}@example.org`);
    const { figures, peak } = await send(sink.port, contacts, { limits: { connectionsMax: 3 } });
    expect(figures).toMatchObject({ recipients: 50, delivered: 50, possibleDuplicates: 0 });
    await ended(sink, 3);
    const { sessions, quits, messages } = sink.counted();
    expect({ sessions, quits, messages }).toEqual({ sessions: 4, quits: 3, messages: 50 });
    expect(peak).toBe(3);
  });

  test('is told QUIT on each connection that idles when the sender is stopped', async () => {
    const sink = await startSink();
    const contacts = Array.from({ length: 20 }, (_, index) => `bob${index}@example.org`);
    const limits = { connectionsMax: 3, idleMs: 600_000 };
    const { figures, sender } = await send(sink.port, contacts, { limits });
    expect(figures).toMatchObject({ delivered: 20 });
    await sender.stop();
    await ended(sink, 3);
    const { sessions, quits } = sink.counted();
    expect({ sessions, quits }).toEqual({ sessions: 4, quits: 3 });
  });

  test.each([
    ['CONNECT', 'connect'],
    ['MAIL', 'mail'],
    ['RCPT', 'rcpt'],
    ['DATA', 'data'],
    ['.', 'message'],
  ])('that defers at %s is tried three times, and the bounce is soft', async (command, stage) => {
    const sink = await startSink('-r', command);
    const { figures, statuses, attempts } = await send(sink.port, [BOB]);
    expect(figures).toMatchObject({ bounced: { soft: 1, hard: 0 }, possibleDuplicates: 0 });
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ stage, outcome: 'deferred', reply: { code: 450, enhanced: '4.3.0' } });
    const [first, ...others] = attempts.map(({ startedAt }) => startedAt);
    others.forEach((at, index) => expect(at - first!).toBeGreaterThanOrEqual(200 * (index + 1)));
    expect(statuses[BOB]).toMatchObject({ status: 'active', softBounceStreak: 1 });
  });

  test.each([
    ['CONNECT', 'connect'],
    ['MAIL', 'mail'],
    ['RCPT', 'rcpt'],
    ['DATA', 'data'],
    ['.', 'message'],
  ])('that rejects at %s hears of the contact once, and the bounce is hard', async (command, stage) => {
    const sink = await startSink('-f', command, '-B', '550 5.1.1 User unknown');
    const { figures, statuses, attempts } = await send(sink.port, [BOB]);
    expect(figures).toMatchObject({ bounced: { soft: 0, hard: 1 } });
    expect(attempts).toMatchObject([{ stage, outcome: 'rejected', reply: { code: 550, enhanced: '5.1.1' } }]);
    expect(statuses[BOB]).toMatchObject({ status: 'error' });
    await ended(sink, 1);
    expect(sink.counted().sessions).toBe(2);
  });

  test.each([
    ['CONNECT', 'connect', 'unreachable'],
    ['EHLO', 'ehlo', 'unreachable'],
    ['MAIL', 'mail', 'unreachable'],
    ['RCPT', 'rcpt', 'unreachable'],
    ['DATA', 'data', 'unreachable'],
    ['.', 'message', 'unknown'],
  ])('that disconnects at %s without a word leaves it open', async (command, stage, outcome) => {
    const sink = await startSink('-q', command);
    const { figures, attempts } = await send(sink.port, [BOB]);
    const duplicates = outcome === 'unknown' ? 3 : 0;
    expect(figures).toMatchObject({ bounced: { soft: 1, hard: 0 }, possibleDuplicates: duplicates });
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts) expect(attempt).toMatchObject({ stage, outcome, cause: 'network' });
    await ended(sink, 3);
    expect(sink.counted()).toMatchObject({ sessions: 4, quits: 0 });
  });

  test.each([
    ['EHLO', 'ehlo'],
    ['MAIL', 'mail'],
    ['RCPT', 'rcpt'],
    ['DATA', 'data'],
    ['.', 'message'],
  ])('that says 421 at %s and disconnects defers', async (command, stage) => {
    const sink = await startSink('-Q', command);
    const { figures, attempts } = await send(sink.port, [BOB]);
    expect(figures).toMatchObject({ bounced: { soft: 1, hard: 0 }, possibleDuplicates: 0 });
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ stage, outcome: 'deferred', reply: { code: 421 } });
    await ended(sink, 3);
    expect(sink.counted().sessions).toBe(4);
  });

  test('that waits a second is waited for, or not, as the timeouts say', async () => {
    const sink = await startSink('-W', 'RCPT:1');
    const patient = await send(sink.port, [BOB]);
    expect(patient.figures).toMatchObject({ delivered: 1 });
    expect(patient.attempts).toHaveLength(1);
    // Half a minute is late on the busiest machine; the sink hears of nobody else meanwhile.
    const slow = await startSink('-W', 'RCPT:30');
    const hasty = await send(slow.port, [BOB], { timeouts: { rcpt: 200 }, policy: ONCE });
    expect(hasty.figures).toMatchObject({ bounced: { soft: 1, hard: 0 }, possibleDuplicates: 0 });
    expect(hasty.attempts).toMatchObject([{ stage: 'rcpt', outcome: 'unreachable', error: 'ETIMEDOUT' }]);
  });

  test('that says 550 and disconnects in the middle of a message leaves no doubt', async () => {
    const sink = await startSink('-A', '0');
    const { figures, attempts } = await send(sink.port, [BOB], {}, 'Hello there. '.repeat(100_000));
    // Whether its last words are read before the connection breaks is up to the system.
    for (const { outcome } of attempts) expect(outcome).toMatch(/^(rejected|unreachable)$/);
    expect(figures).toMatchObject({ delivered: 0, inProgress: 0, possibleDuplicates: 0 });
  });
});

describe.skipIf(!installed('postfix') || !isRoot)('a whole Postfix (it must be started by root)', () => {
  test('takes, defers and rejects as it is set up, over TLS', async () => {
    const postfix = await startPostfix([
      'myhostname = mx.example.org',
      'virtual_mailbox_domains = example.org',
      'virtual_mailbox_maps = inline:{ bob@example.org=x, ann@example.org=x, full@example.org=x }',
      'virtual_transport = discard',
      'smtpd_recipient_restrictions = check_recipient_access',
      '  inline:{ {full@example.org = 452 4.2.2 Mailbox full} }, reject_unauth_destination',
      'message_size_limit = 20000',
    ]);
    const contacts = [BOB, 'ann@example.org', 'full@example.org', 'gone@example.org', 'eve@other.example'];
    const { figures, statuses, attempts } = await send(postfix.port, contacts);
    expect(figures).toMatchObject({ recipients: 5, delivered: 2, bounced: { soft: 1, hard: 2 } });
    const ends = attempts.map(({ address, n, outcome, cause, reply }) =>
      [address.split('@')[0], n, outcome, outcome === 'accepted' ? '' : `${cause} ${reply?.code}`].join(' '),
    );
    expect(ends.sort()).toEqual([
      'ann 1 accepted ',
      'bob 1 accepted ',
      'eve 1 rejected relay-denied 554',
      'full 1 deferred mailbox-full 452',
      'full 2 deferred mailbox-full 452',
      'full 3 deferred mailbox-full 452',
      'gone 1 rejected user-unknown 550',
    ]);
    expect(statuses).toMatchObject({
      [BOB]: { status: 'active', softBounceStreak: 0 },
      'full@example.org': { status: 'active', softBounceStreak: 1 },
      'gone@example.org': { status: 'error' },
    });
    // Each of its processes writes to the log by way of another, in its own time.
    const logged = (pattern: RegExp): string[] => [...postfix.log().matchAll(pattern)].map(([, to]) => to!);
    const sent = (): string[] => logged(/to=<(.*?)>.* status=sent/g).sort();
    const refused = (): string[] => logged(/NOQUEUE: reject: .* to=<(.*?)>/g).sort();
    const secured = (): boolean => postfix.log().includes('TLS connection established from');
    await until(() => sent().length >= 2 && refused().length >= 5 && secured());
    expect(sent()).toEqual(['ann@example.org', BOB]);
    const full = 'full@example.org';
    expect(refused()).toEqual(['eve@other.example', full, full, full, 'gone@example.org']);
    expect(secured()).toBe(true);

    // It said at EHLO how much it takes.
    const large = await send(postfix.port, [BOB], {}, 'Hello there. '.repeat(10_000));
    expect(large.attempts).toMatchObject([
      { outcome: 'rejected', error: 'EMESSAGESIZE', cause: 'message-too-big' },
    ]);
  });
});
