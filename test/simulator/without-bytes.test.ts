// A host and its transaction without an SMTP server: the same decisions and the same counts as over SMTP,
// for a client that needs no bytes.

import { expect, it } from 'vitest';
import type { Fact } from '../../src/events/types.js';
import { seededRandom } from '../../src/base/random.js';
import type { Verdict } from '../../src/simulator/behaviors/behavior.js';
import { Host } from '../../src/simulator/host/host.js';
import { HeaderCollector } from '../../src/simulator/host/received-message.js';
import { Transaction } from '../../src/simulator/host/transaction.js';
import { does, Lab, mailboxDoes } from './raw-client.js';

const CLIENT = '127.0.0.1';
const BOB = 'bob@example.org';
const FROM = 'news@sender.test';

const MAILBOX = [
  mailboxDoes('busy', {}, { attempts: { from: 1, to: 1 } }),
  mailboxDoes('mailbox-full', { stage: 'data' }, { attempts: { from: 2, to: 2 } }),
  mailboxDoes('junk-block', {}, { attempts: { from: 3, to: 3 } }),
];
const DOMAIN = [does('throttle', { rate: '4/h' })];

/** Codes of the refusals of six transactions, and the recipients of the messages that were taken. */
interface Outcome {
  codes: number[];
  accepted: string[];
}

const acceptedIn = (facts: readonly Fact[]): string[] =>
  facts.flatMap((fact) => (fact.type === 'message.accepted' ? [fact.rcpt] : []));

async function overSmtp(lab: Lab): Promise<Outcome> {
  const codes: number[] = [];
  await lab.play(async () => {
    for (let attempt = 1; attempt <= 6; attempt++) {
      const code = Number((await lab.attempt(BOB, FROM)).at(-1)!.slice(0, 3));
      if (code >= 400) codes.push(code);
    }
  });
  return { codes, accepted: acceptedIn(lab.events) };
}

/** Plays one transaction. @returns the code of the first refusal; undefined when the message was taken */
function refusalOf(host: Host, transaction: Transaction): number | undefined {
  const steps: (() => Iterable<Verdict>)[] = [
    () => host.decide('connect', transaction.state),
    () => host.decide('ehlo', transaction.state),
    () => {
      transaction.begin({ sender: FROM, messages: 0, size: 0 });
      return host.decide('mail', transaction.state);
    },
    () => {
      transaction.name(BOB, BOB);
      return host.decide('rcpt', transaction.state);
    },
    () => transaction.objections('data'),
    () => transaction.objections('message'),
  ];
  for (const step of steps) {
    for (const verdict of step()) if (verdict.kind === 'reply') return verdict.reply.code;
  }
  transaction.take({ size: 10, header: new HeaderCollector() }, 1);
  return undefined;
}

function withoutBytes({ clock }: Lab): Outcome {
  const facts: Fact[] = [];
  const host = new Host({
    domain: 'example.org',
    name: 'mx.example.org',
    addresses: { v4: '127.1.0.1' },
    plan: { behaviors: DOMAIN, mailboxes: [{ pattern: 'bob', behaviors: MAILBOX }] },
    clock,
    random: seededRandom('42'),
    emit: (fact) => facts.push(fact),
    nextSession: () => 1,
    sendBack: () => undefined,
  });
  const codes: number[] = [];
  for (let attempt = 1; attempt <= 6; attempt++) {
    expect(host.handshake({ address: CLIENT, port: 50_000 })).toBe('accept');
    const transaction = new Transaction(host, { client: CLIENT, nth: host.countConnection() }, () => [
      { address: BOB },
    ]);
    const code = refusalOf(host, transaction);
    if (code !== undefined) codes.push(code);
  }
  return { codes, accepted: acceptedIn(facts) };
}

it('a host refuses and accepts the same with and without an SMTP server', async () => {
  const lab = new Lab({ 'example.org': { behaviors: DOMAIN, mailboxes: { bob: MAILBOX } } });
  const outcome = await overSmtp(lab);
  expect(outcome).toEqual({ codes: [450, 452, 554, 451, 451], accepted: [BOB] });
  expect(withoutBytes(lab)).toEqual(outcome);
});
