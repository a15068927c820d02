// The faults of experiments, by name. Each experiment enables a random subset: many runs with a few faults
// each find more than runs in which everything fails at once.

import type { Data } from './document.js';
import type { Draw } from './draw.js';

/** Hour by which all faults have ended. */
export type Hours = number;

interface BehaviorFault {
  kind: 'behavior';
  /** Whether it can be the behavior of one mailbox. */
  mailbox: boolean;
  /** Whether it can be the behavior of a whole domain. */
  domain: boolean;
  /** The behavior without its conditions. */
  draw(draw: Draw): { [key: string]: Data };
}

interface OtherFault {
  /** Draws of the experiment itself, see `experiment.ts`. */
  kind: 'experiment';
}

/** Faults that need far more time than others (a TLS handshake as much as twenty attempts): drawn rarely. */
export const RARE: ReadonlySet<string> = new Set(['tls', 'tls-broken', 'tls-trouble']);

export type Fault = BehaviorFault | OtherFault;

const behavior = (
  name: string,
  mailbox: boolean,
  draw: (draw: Draw) => { [key: string]: Data } = () => ({}),
  domain = true,
): [string, Fault] => [
  name,
  { kind: 'behavior', mailbox, domain, draw: (from) => ({ do: name, ...draw(from) }) },
];

/** A behavior under another name, for a fault of a whole host. */
const hostFault = (name: string, draw: (draw: Draw) => { [key: string]: Data }): [string, Fault] => [
  name,
  { kind: 'behavior', mailbox: false, domain: true, draw },
];

const RECIPIENT_STAGES = ['rcpt', 'data', 'message'];
const STAGES = ['connect', 'ehlo', 'mail', ...RECIPIENT_STAGES];
/** How long a connection is idle before a server replies or closes it: at once, while MAIL may be in transit, or later. */
export const IDLE = ['0s', '10ms', '1s', '3s'];
const minutes = (draw: Draw, max: number): string => `${draw.int(1, max)}m`;

/** Every fault by its name. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  behavior('busy', true, (draw) => ({ stage: draw.one(RECIPIENT_STAGES) })),
  behavior('mailbox-full', true, (draw) => ({ permanent: draw.chance(0.2) })),
  behavior('nonexistent-user', true),
  behavior('junk-block', true, (draw) => ({ stage: draw.one(RECIPIENT_STAGES) })),
  behavior('greylist', true, (draw) => ({ for: minutes(draw, 90) })),
  behavior('reply', true, (draw) => {
    const code = draw.one([421, 450, 451, 452, 550, 552, 554]);
    return { stage: draw.one(RECIPIENT_STAGES), code, text: 'drawn', close: draw.chance(0.3) };
  }),
  behavior('down', false),
  behavior('unresponsive', true, (draw) => {
    const stage = draw.one(RECIPIENT_STAGES);
    return {
      stage,
      ...(draw.chance(0.5) ? { for: minutes(draw, 40) } : {}),
      ...(stage === 'message' ? { kept: draw.chance(0.5) } : {}),
    };
  }),
  behavior('mailbox-disabled', true),
  behavior('content-block', true, (draw) => ({ stage: draw.one(['data', 'message']) })),
  behavior('blocklisted', false, (draw) => ({
    ...(draw.chance(0.5) ? { delisted: `${draw.int(1, 10)}h` } : {}),
  })),
  behavior('throttle', false, (draw) => ({
    ...(draw.chance(0.5) ? { rate: `${draw.int(1, 20)}/h` } : { messagesPerConnection: draw.int(1, 5) }),
    ...(draw.chance(0.4) ? { connections: draw.int(1, 4) } : {}),
    ...(draw.chance(0.3) ? { recipientsPerHour: draw.int(1, 10) } : {}),
  })),
  behavior('unreachable', false),
  behavior('slow', true, (draw) => ({ stage: draw.one(RECIPIENT_STAGES), delay: `${draw.int(1, 200)}s` })),
  behavior('disconnect', true, (draw) => {
    const stage = draw.one([...RECIPIENT_STAGES, 'body']);
    return {
      stage,
      how: draw.one(['fin', 'rst']),
      ...(stage === 'message' ? { kept: draw.chance(0.5) } : {}),
    };
  }),
  behavior('garbled', true, (draw) => ({
    stage: draw.one(RECIPIENT_STAGES),
    as: draw.one(['nonsense', 'torn', 'mixed-codes', 'unended', 'stray']),
  })),
  behavior('too-big', true, (draw) => ({ limit: draw.one(['1kb', '10kb']) }), false),
  behavior('return-later', true, (draw) => ({
    after: draw.one([minutes(draw, 3000), `${draw.int(1, 60)}s`]),
    ...draw.one<{ [key: string]: Data }>([
      { status: draw.one(['5.1.1', '4.2.2', '5.2.2', '5.7.1']) },
      { action: 'delayed' },
    ]),
    times: draw.int(1, 2),
  })),
  behavior('auto-reply', true, (draw) => ({ after: minutes(draw, 300) })),
  behavior('catalogue', true, (draw) => ({
    entry: draw.one(['gmail/mailbox-full', 'yahoo/throttled', 'comcast/throttled', 'gmx/ip-blocklisted']),
    stage: draw.one(RECIPIENT_STAGES),
  })),
  behavior('tls-broken', false, (draw) => ({ how: draw.one(['refused', 'handshake', 'expired']) })),
  hostFault('busy-host', (draw) => ({ do: 'busy', stage: draw.one(STAGES) })),
  hostFault('silent-host', (draw) => ({
    do: 'unresponsive',
    stage: draw.one([...STAGES.slice(0, 3), 'body']),
    ...draw.maybe(0.3, () => ({ for: minutes(draw, 12) })),
  })),
  hostFault('closing-host', (draw) => ({ do: 'disconnect', stage: draw.one(STAGES.slice(0, 3)) })),
  hostFault('idle-close', (draw) => ({
    ...draw.one<{ [key: string]: Data }>([
      { do: 'disconnect', how: draw.one(['fin', 'rst']) },
      { do: 'busy' },
      { do: 'reply', code: 421, text: 'drawn' },
    ]),
    stage: 'idle',
    after: draw.one(IDLE),
  })),
  hostFault('garbling-host', (draw) => ({
    do: 'garbled',
    stage: draw.one(STAGES.slice(0, 3)),
    as: draw.one(['nonsense', 'torn', 'mixed-codes', 'unended']),
  })),
  hostFault('slow-host', (draw) => ({
    do: 'slow',
    ...draw.maybe(0.5, () => ({ stage: draw.one(STAGES) })),
    ...draw.one<{ [key: string]: Data }>([{ delay: `${draw.int(1, 100)}s` }, { rate: '20/s' }]),
  })),
  hostFault('speaking-in-body', (draw) =>
    draw.one<{ [key: string]: Data }>([
      { do: 'busy', stage: 'body' },
      { do: 'reply', stage: 'body', code: draw.one([421, 451, 552]), text: 'drawn' },
    ]),
  ),
  hostFault('other-words', () => ({ do: 'reply', stage: 'message', code: 251, text: 'drawn' })),
  hostFault('tls-trouble', (draw) => ({
    do: draw.one(['disconnect', 'unresponsive', 'busy', 'slow', 'garbled']),
    stage: 'starttls',
  })),
  hostFault('refusing-host', () => ({ do: 'reply', stage: 'connect', code: 554, text: 'drawn' })),
  ['tls', { kind: 'experiment' }],
  ['dns', { kind: 'experiment' }],
  ['automated', { kind: 'experiment' }],
  ['bounce', { kind: 'experiment' }],
  ['hosts', { kind: 'experiment' }],
  ['sites', { kind: 'experiment' }],
  ['families', { kind: 'experiment' }],
  ['relay', { kind: 'experiment' }],
  ['default', { kind: 'experiment' }],
  ['spellings', { kind: 'experiment' }],
  ['crash', { kind: 'experiment' }],
  ['opt-out', { kind: 'experiment' }],
  ['reactivate', { kind: 'experiment' }],
  ['subscribe', { kind: 'experiment' }],
  ['add', { kind: 'experiment' }],
  ['set', { kind: 'experiment' }],
  ['status', { kind: 'experiment' }],
]);

/** When something applies: it has ended by the hour. */
export function drawTimes(draw: Draw, hours: Hours): { [key: string]: Data } {
  if (!draw.chance(0.3)) return { until: `${draw.int(1, hours)}h` };
  const from = draw.int(0, hours - 1);
  return { during: `${from}h..${draw.int(from + 1, hours)}h` };
}

/** @param hours by which it must have ended @returns the behavior with conditions that end it by then */
export function drawBehavior(
  draw: Draw,
  fault: BehaviorFault,
  hours: Hours,
  scope: 'domain' | 'mailbox',
): { [key: string]: Data } {
  const written = fault.draw(draw);
  const knowsRecipient = scope === 'mailbox' || RECIPIENT_STAGES.includes(written['stage'] as string);
  const conditions: { [key: string]: Data } = drawTimes(draw, hours);
  if (knowsRecipient && draw.chance(0.4)) {
    const first = draw.int(1, 3);
    conditions['attempts'] = `${first}..${draw.int(first, 6)}`;
  }
  if (knowsRecipient && draw.chance(0.2)) conditions['share'] = draw.one(['10%', '50%', '90%']);
  // A throttle counts; it has no `chance`.
  if (written['do'] !== 'throttle' && draw.chance(0.3)) conditions['chance'] = draw.one(['5%', '30%', '70%']);
  return { ...written, ...conditions };
}
