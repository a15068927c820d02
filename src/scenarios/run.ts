// Plays one scenario in this thread: builds the world and the sender on a virtual clock, lets
// happen what the plan says, and judges the events that come out of it.

import { mkdirSync, openSync, closeSync, writeSync } from 'node:fs';
import path from 'node:path';
import type net from 'node:net';
import { wallNow } from '../clock/system.js';
import { VirtualClock, type RunEnd } from '../clock/virtual.js';
import { BouncelabError } from '../errors.js';
import { EventLog } from '../events/log.js';
import type { RunEvent } from '../events/types.js';
import { seededRandom } from '../random.js';
import { memoryStore } from '../sender/store/memory.js';
import { World } from '../simulator/world.js';
import { formatDuration } from '../units.js';
import { Judge } from './judge.js';
import type { EventPlan, MailingPlan, ScenarioPlan } from './plan.js';
import type { Failure, ScenarioResult, ScenarioStatus } from './result.js';
import { SenderProcess } from './sender-process.js';
import type { Tally } from './tally.js';

/** No scenario needs a virtual year; one that gets there would never end. */
const HORIZON_MS = 400 * 24 * 3_600_000;

/** Real time between two signs of life. */
const PROGRESS_EVERY_MS = 200;

export interface RunProgress {
  virtualMs: number;
  attempts: number;
}

export interface RunScenarioOptions {
  /** File that gets the events as NDJSON; its folder is made. */
  eventsFile?: string;
  /** Real ms the run may take; without limit when absent. */
  wallLimitMs?: number;
  onProgress?: (progress: RunProgress) => void;
  /** Told every event, in order, as it happens. */
  onEvent?: (event: RunEvent) => void;
  /** Gets the events as NDJSON, in blocks of whole lines. */
  onText?: (ndjson: string) => void;
  /** Asked at every instant; true ends the run before its end. */
  stop?: () => boolean;
}

/**
 * Runs a scenario to its end.
 *
 * @throws BouncelabError E_HARNESS when bouncelab itself fails, E_OUTPUT when the events cannot be
 *   written; never for what the scenario did
 */
export async function runScenario(
  plan: ScenarioPlan,
  options: RunScenarioOptions = {},
): Promise<ScenarioResult> {
  const started = wallNow();
  const clock = VirtualClock.install();
  let file: EventsFile | undefined;
  try {
    if (options.eventsFile !== undefined) file = openEvents(options.eventsFile);
    const judge = new Judge(plan);
    const log = new EventLog({
      now: () => clock.now(),
      readers: [
        (event) => judge.read(event),
        ...(options.onEvent ? [options.onEvent] : []),
        ...(options.onProgress ? [progressReader(judge.tally, options.onProgress)] : []),
      ],
      write: (text) => {
        file?.write(text);
        options.onText?.(text);
      },
    });
    const { verdict, failures } = await play(plan, clock, log, judge, options);
    return {
      file: plan.file,
      name: plan.name,
      status: verdict,
      seed: plan.seed,
      policy: plan.policy.name,
      wire: plan.wire,
      wallMs: Math.round(wallNow() - started),
      virtualMs: clock.now(),
      fingerprint: log.close(),
      failures,
      ...judge.figures(),
    };
  } finally {
    clock.uninstall();
    file?.close();
  }
}

async function play(
  plan: ScenarioPlan,
  clock: VirtualClock,
  log: EventLog,
  judge: Judge,
  { wallLimitMs, stop }: RunScenarioOptions,
): Promise<{ verdict: ScenarioStatus; failures: Failure[] }> {
  const { emit } = log;
  const random = seededRandom(plan.seed);
  emit({
    type: 'run.started',
    format: 1,
    scenario: plan.name,
    seed: plan.seed,
    policy: plan.policy.name,
    wire: plan.wire,
  });
  const world = new World({
    clock,
    random,
    emit,
    fleet: plan.fleet,
    latencyMs: plan.network.latencyMs,
    clientAddress: '127.0.0.1',
  });
  const sender = new SenderProcess({
    clock,
    resolver: world.dns,
    // The in-memory socket has the part of net.Socket that SMTP needs.
    dialer: { dial: (address, port) => world.dial(address, port) as unknown as net.Socket },
    inlet: {
      open: (domain, accept) => world.attach(domain, (socket) => accept(socket as unknown as net.Socket)),
    },
    random,
    policy: plan.policy,
    emit,
    // Nothing is ever read from the store of a sender that does not crash.
    ...(plan.events.some(({ action }) => action === 'crash') ? { store: memoryStore() } : {}),
  });
  sender.ask((alive) => {
    for (const contact of plan.contacts) alive.addContact(contact);
  });
  for (const event of plan.events) clock.at(event.at, () => apply(event, sender, world, emit));
  for (const mailing of plan.mailings) clock.at(mailing.at, () => send(mailing, sender));
  let end: RunEnd;
  try {
    end = await clock.run({
      horizonMs: HORIZON_MS,
      ...(wallLimitMs === undefined ? {} : { wallLimitMs }),
      ...(stop ? { done: stop } : {}),
    });
  } catch (error) {
    if (error instanceof BouncelabError && error.code === 'E_WATCHDOG')
      return judge.stopped(plan, error, sender.waiting());
    throw error;
  }
  const stuck = sender.waiting();
  const reason = end === 'horizon' ? 'horizon' : stuck.length > 0 ? 'deadlock' : 'idle';
  emit({ type: 'run.ended', reason });
  return reason === 'idle' ? judge.verdict() : judge.stopped(plan, stoppedError(reason, clock.now()), stuck);
}

function apply(event: EventPlan, sender: SenderProcess, world: World, emit: EventLog['emit']): void {
  emit({ type: 'scenario.event', action: event.action, subject: subjectOf(event) });
  switch (event.action) {
    case 'opt-out':
      return sender.ask((alive) => alive.optOut(event.address, 'contact'));
    case 'reactivate':
      return sender.ask((alive) => alive.reactivate(event.address, event.by, event.reason));
    case 'subscribe':
      return sender.ask((alive) => alive.subscribe(event.address));
    case 'add':
      return sender.ask((alive) => void alive.addContact({ address: event.address }));
    case 'set':
      return world.setBehaviors(event.subject, event.behaviors);
    case 'crash':
      return sender.crash(event.restartMs);
  }
}

function subjectOf(event: EventPlan): string {
  if (event.action === 'set') return event.subject;
  return event.action === 'crash' ? 'sender' : event.address;
}

function send({ name, kind, message, to, buildingMs }: MailingPlan, sender: SenderProcess): void {
  sender.ask((alive) => void alive.send({ name, kind, message, ...(to ? { to } : {}) }, buildingMs));
}

function stoppedError(reason: 'deadlock' | 'horizon', at: number): BouncelabError {
  return reason === 'deadlock'
    ? new BouncelabError(
        'E_DEADLOCK',
        `deadlock at ${formatDuration(at)}: deliveries are in progress and nothing is left that could end them`,
      )
    : new BouncelabError(
        'E_WATCHDOG',
        `the run was still going on after ${formatDuration(HORIZON_MS)} of virtual time`,
      );
}

function progressReader(
  tally: Tally,
  onProgress: (progress: RunProgress) => void,
): (event: RunEvent) => void {
  let last = wallNow();
  return (event) => {
    // Looking at the real clock for every event would cost more than the event.
    if ((event.seq & 0x3ff) !== 0) return;
    const now = wallNow();
    if (now - last < PROGRESS_EVERY_MS) return;
    last = now;
    onProgress({ virtualMs: event.t, attempts: tally.attempts });
  };
}

interface EventsFile {
  write(text: string): void;
  close(): void;
}

function openEvents(file: string): EventsFile {
  const attempt = <T>(what: () => T): T => {
    try {
      return what();
    } catch (error) {
      throw new BouncelabError('E_OUTPUT', `cannot write ${file}: ${(error as Error).message}`, {
        hint: 'Choose another folder with --output, or make room.',
        cause: error,
      });
    }
  };
  const fd = attempt(() => {
    mkdirSync(path.dirname(file), { recursive: true });
    return openSync(file, 'w');
  });
  return { write: (text) => attempt(() => writeSync(fd, text)), close: () => closeSync(fd) };
}
