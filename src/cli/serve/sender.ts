// The sender that `bouncelab serve` starts: the command after `--`, with or without a network of its own.

import { BouncelabError, type ExitCode } from '../../base/errors.js';
import type { FleetClock } from '../../live/child/faketime.js';
import { setUpInside } from '../../live/child/inside.js';
import { endOfOutside, isIsolated, runIsolated } from '../../live/child/isolation.js';
import type { CommandEnd } from '../../live/child/command.js';
import { LiveSender } from '../../live/child/live-sender.js';
import type { LivePlace, LivePlaces } from '../../live/fleet.js';
import type { Screen } from '../../reporters/terminal/screen.js';
import { terminalLine } from '../../reporters/text.js';
import type { Io } from '../io.js';

/** What the command line says about the sender and its network. */
interface SenderOptions {
  command: readonly string[];
  isolate: boolean;
  listen?: string | undefined;
  dns?: number | undefined;
  smtpPort?: number | undefined;
  byPort: boolean;
}

/** Ports that are free inside. */
const SMTP_PORT_INSIDE = 25;
const DNS_PORT_INSIDE = 53;

/**
 * Goes into namespaces of its own for `--isolate`.
 *
 * @param argv the whole command line, without node and script
 * @returns the exit code when all has been done inside, or options and signal for what is done in this process
 * @throws BouncelabError E_ISOLATION where namespaces are not available
 */
export async function enterIsolation<Options extends SenderOptions>(
  options: Options,
  argv: readonly string[],
  io: Io,
): Promise<ExitCode | { options: Options; io: Io }> {
  const { env, cwd, stderr } = io;
  if (!options.isolate) return { options, io };
  if (!isIsolated(env)) {
    return runIsolated(argv, { env, cwd, signal: io.signal, warn: (text) => warnOn(stderr, text) });
  }
  const signal = AbortSignal.any([io.signal, endOfOutside()]);
  setUpInside();
  return { options: { ...options, smtpPort: SMTP_PORT_INSIDE, dns: DNS_PORT_INSIDE }, io: { ...io, signal } };
}

/**
 * Checks before the fleet opens that a command can be started.
 *
 * @throws BouncelabError E_COMMAND, E_FAKETIME
 */
export function assertCanStart(
  { command, speed }: { command: readonly string[]; speed: number },
  { env, cwd }: Pick<Io, 'env' | 'cwd'>,
): void {
  if (command.length > 0) LiveSender.check({ argv: command, env, cwd, speed });
}

/** Starts the command after `--`; its output goes where `people` read. */
export function startSender(
  command: readonly string[],
  {
    env,
    cwd,
    stdout,
    people,
    clock,
    places,
  }: Pick<Io, 'env' | 'cwd' | 'stdout'> & { people: Screen; clock: FleetClock; places: LivePlaces },
): Promise<LiveSender> {
  return LiveSender.start({
    argv: command,
    cwd,
    env: { ...env, ...placesFor(places) },
    output: people === stdout ? 1 : 2,
    clock,
    warn: (text) => warnOn(people, text),
  });
}

/** Where a sender finds the fleet, for programs that are configured by variables. */
function placesFor({ shared, dns }: LivePlaces): Record<string, string> {
  const written = ({ address, port }: LivePlace): string => `${address}:${port}`;
  return {
    ...(shared ? { BOUNCELAB_SMTP: written(shared) } : {}),
    ...(dns ? { BOUNCELAB_DNS: written(dns) } : {}),
  };
}

/** How a command ended, for people; nothing when it ended well. */
export function senderLines(end: CommandEnd | undefined, killed: number): string[] {
  const how = end?.signal === undefined ? `with exit code ${end?.code}` : `by ${end.signal}`;
  return [
    ...(hasFailed(end) ? [`warning: the command ended ${how}`] : []),
    ...(killed > 0
      ? [`warning: ${killed === 1 ? 'a process' : `${killed} processes`} of the command had to be killed`]
      : []),
  ];
}

export function hasFailed(end: CommandEnd | undefined): boolean {
  return end !== undefined && end.code !== 0;
}

/** @throws BouncelabError E_USAGE for options that do not go together */
export function refuseBadIsolation(options: SenderOptions): void {
  const { isolate, command, listen, dns, smtpPort, byPort } = options;
  if (!isolate) return;
  const refuse = (message: string, hint: string): never => {
    throw new BouncelabError('E_USAGE', message, { hint });
  };
  if (command.length === 0) {
    refuse(
      '--isolate is for a sender that serve starts, and there is none',
      'end the line with -- and its command',
    );
  }
  const port = 'inside, the hosts are at port 25 of addresses of their own and DNS at port 53';
  const clash = {
    '--listen': listen,
    '--dns': dns,
    '--smtp-port': smtpPort,
    '--by-port': byPort || undefined,
  };
  for (const [name, value] of Object.entries(clash))
    if (value !== undefined) refuse(`${name} and --isolate exclude each other`, port);
}

function warnOn(screen: Screen, text: string): void {
  screen.write(`${terminalLine(`warning: ${text}`)}\n`);
}
