// Plays a plan on a virtual clock: builds the world and the sender, schedules the events and mailings of the
// plan, runs the clock to the end, and returns the judge's result.

import type net from 'node:net';
import type { RunEnd, VirtualClock } from '../clock/virtual.js';
import { BouncelabError } from '../base/errors.js';
import type { Announce } from '../base/loopback.js';
import type { Emit } from '../events/types.js';
import { seededRandom } from '../base/random.js';
import { MemoryNetwork } from '../simulator/network/memory.js';
import type { Network } from '../simulator/network/network.js';
import { TcpNetwork } from '../simulator/network/tcp.js';
import { certificates } from '../simulator/certificates.js';
import { usesTls } from '../scenarios/fleet/uses-tls.js';
import { BehaviorUse } from '../simulator/behavior-use.js';
import { World } from '../simulator/world.js';
import { formatDuration } from '../base/units.js';
import { Guard } from './senders/external/guard.js';
import { ExternalSenderHost } from './senders/external/host.js';
import { idleBehaviors } from '../judge/idle-behaviors.js';
import type { Judge, Judgement } from '../judge/judge.js';
import type { Warning } from '../results/result.js';
import type { EventPlan, ScenarioPlan } from '../scenarios/plan.js';
import { SenderProcess } from './senders/sender-process.js';
import { openSenderStore, watchedStore, type SenderStore } from './senders/sender-store.js';
import { BuiltInSender } from './senders/built-in-sender.js';
import type { RunSender } from './senders/run-sender.js';

/** No scenario needs a virtual year: one that reaches this time would never end. */
const HORIZON_MS = 400 * 24 * 3_600_000;

export interface RunContext {
  clock: VirtualClock;
  emit: Emit;
  judge: Judge;
  /** Real ms the run may take; without limit when absent. */
  wallLimitMs?: number;
  /** Called at every instant; true ends the run early. */
  stop?: () => boolean;
  /** An external sender stays under guard after the run. */
  staysGuarded?: boolean;
}

/** What holds after a run, and what of the scenario had no effect in it. */
export type Played = Judgement & { warnings: Warning[] };

/** @throws BouncelabError E_HARNESS when bouncelab itself fails */
export async function play(plan: ScenarioPlan, context: RunContext): Promise<Played> {
  const { emit, clock } = context;
  const use = new BehaviorUse();
  emit({
    type: 'run.started',
    format: 1,
    scenario: plan.name,
    seed: plan.seed,
    policy: plan.policy.name,
    wire: plan.wire,
  });
  const tls = usesTls(plan);
  // TLS works with immediates that the clock does not see unless it watches for them.
  if (tls) clock.watchHiddenImmediates();
  const guard = plan.sender && new Guard();
  const world = new World({
    certificates: tls ? await certificates() : undefined,
    clock,
    random: seededRandom(plan.seed),
    emit,
    fleet: plan.fleet,
    ...(plan.sites ? { sites: plan.sites } : {}),
    clientAddress: '127.0.0.1',
    network: networkOf(plan, clock, guard?.permit),
    use,
  });
  const kept = await openSenderStore(plan);
  const sender = senderOf(plan, world, kept, { ...context, guard });
  try {
    guard?.install();
    await sender.start();
    sender.addContacts(plan.contacts);
    for (const event of plan.events) clock.at(event.at, () => apply(event, sender, world, emit));
    for (const mailing of plan.mailings) {
      // An automated mailing is set up once; it contains the time from which it is active.
      if (mailing.trigger) sender.automate?.(mailing, mailing.trigger);
      else clock.at(mailing.at, () => sender.send(mailing));
    }
    const { isWhole, ...judgement } = await playToEnd(plan, sender, context);
    return { ...judgement, warnings: isWhole ? idleBehaviors(plan, use) : [] };
  } finally {
    sender.close();
    await world.close();
    await kept.remove();
    if (!context.staysGuarded) guard?.uninstall();
  }
}

function networkOf(
  { wire, network: { latencyMs } }: ScenarioPlan,
  clock: VirtualClock,
  announce?: Announce,
): Network {
  switch (wire) {
    case 'memory':
      return new MemoryNetwork(clock, latencyMs);
    case 'tcp':
      return new TcpNetwork(clock, latencyMs, announce);
  }
}

function senderOf(
  plan: ScenarioPlan,
  world: World,
  { store }: SenderStore,
  { clock, emit, judge, wallLimitMs, guard }: RunContext & { guard: Guard | undefined },
): RunSender {
  // The in-memory socket has the part of net.Socket that SMTP needs.
  const dial = (address: string, port: number): net.Socket =>
    world.dial(address, port) as unknown as net.Socket;
  const ports = { clock, resolver: world.dns, emit, policy: plan.policy };
  if (plan.sender && guard)
    return new ExternalSenderHost({ ...ports, ...plan.sender, dial, guard, wallLimitMs });
  return new BuiltInSender(
    new SenderProcess({
      ...ports,
      dialer: { dial },
      inlet: {
        open: (domain, accept) => world.attach(domain, (socket) => accept(socket as unknown as net.Socket)),
      },
      random: seededRandom(plan.seed),
      ...(store ? { store: watchedStore(store, (change) => judge.onCommit(change)) } : {}),
    }),
  );
}

/** @returns `isWhole`: the run came to its own end */
async function playToEnd(
  plan: ScenarioPlan,
  sender: RunSender,
  context: RunContext,
): Promise<Judgement & { isWhole: boolean }> {
  const { clock, emit, judge, stop, wallLimitMs } = context;
  let end: RunEnd;
  try {
    end = await clock.run({
      horizonMs: HORIZON_MS,
      ...(wallLimitMs === undefined ? {} : { wallLimitMs }),
      done: () => sender.fault() !== undefined || (stop?.() ?? false),
    });
  } catch (error) {
    if (error instanceof BouncelabError && error.code === 'E_WATCHDOG')
      return { ...judge.stopped(plan, error, sender.waiting()), isWhole: false };
    if (!sender.threw(error)) throw error;
    end = 'done';
  }
  const fault = sender.fault();
  if (fault && plan.sender) return { ...judge.faulted(fault, plan.sender), isWhole: false };
  const stuck = sender.waiting();
  const reason = end === 'horizon' ? 'horizon' : stuck.length > 0 ? 'deadlock' : 'idle';
  emit({ type: 'run.ended', reason });
  if (reason === 'idle') passFigures(sender, judge);
  if (reason === 'idle') return { ...judge.verdict(), isWhole: true };
  return { ...judge.stopped(plan, stoppedError(reason, clock.now()), stuck), isWhole: false };
}

/** Passes the sender's own figures of every mailing, occurrences of automated ones included, to the judge. */
function passFigures(sender: RunSender, judge: Judge): void {
  for (const name of judge.tally.mailings.keys()) {
    const own = sender.response?.(name);
    if (own) judge.onFigures(name, own);
  }
}

function apply(event: EventPlan, sender: RunSender, world: World, emit: Emit): void {
  emit({ type: 'scenario.event', action: event.action, subject: subjectOf(event) });
  if (event.action === 'set') world.setBehaviors(event.subject, event.behaviors);
  else if (event.action === 'bounce') world.bounce(event.to, event.about, event.status);
  else sender.apply(event);
}

function subjectOf(event: EventPlan): string {
  switch (event.action) {
    case 'set':
      return event.subject;
    case 'bounce':
      return event.to;
    case 'crash':
      return 'sender';
    default:
      return event.address;
  }
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
