// `bouncelab serve`: runs the fleet of a scenario for any program that sends mail, in real time or faster, and says at
// the end what its servers saw.

import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { isLoopback } from '../../base/loopback.js';
import { loadFleet, type FleetPlan } from '../../scenarios/fleet-file.js';
import { printProblems } from '../errors.js';
import { warnOfUnplayed } from './unplayed-events.js';
import type { Io } from '../io.js';
import { enterIsolation, refuseBadIsolation } from './sender.js';
import { Serving, type ServeOptions } from './serving.js';

/** A fleet that accepts everything. */
const EMPTY: FleetPlan = { fleet: { default: { behaviors: [], mailboxes: [] } }, events: [], seed: '1' };

/**
 * @param argv the whole command line, to run it again inside namespaces
 * @throws BouncelabError E_USAGE for a port that cannot be used, or a --host-port of an unknown domain; E_ISOLATION,
 *   E_COMMAND and E_FAKETIME for a sender that cannot be started
 */
export async function serve(
  file: string | undefined,
  given: ServeOptions,
  argv: readonly string[],
  outer: Io,
): Promise<ExitCode> {
  refuseContradictions(given);
  refuseBadIsolation(given);
  const entered = await enterIsolation(given, argv, outer);
  if (typeof entered === 'number') return entered;
  const { options, io } = entered;
  if (options.check) {
    const { serveCheck } = await import('./check.js');
    return serveCheck(file, options, io);
  }
  const { seed } = options;
  const loaded = file === undefined ? { plan: EMPTY } : loadFleet(file, { cwd: io.cwd, seed });
  if (!loaded.plan) {
    printProblems(loaded.problems, loaded.source, io.stderr);
    return EXIT.invalidScenario;
  }
  const plan = seed === undefined ? loaded.plan : { ...loaded.plan, seed };
  warnOfUnplayed(plan.events, io.stderr);
  const serving = await Serving.open(plan, options, { ...io, people: options.json ? io.stderr : io.stdout });
  await serving.toEnd();
  return serving.senderFailed ? EXIT.failed : EXIT.passed;
}

function refuseContradictions({
  listen,
  dns,
  smtpPort,
  firstAddress,
  byPort,
  check,
  json,
}: ServeOptions): void {
  const both = (what: string, hint: string): never => {
    throw new BouncelabError('E_USAGE', what, { hint });
  };
  if (listen !== undefined && isLoopback(listen))
    both(`--listen is for an address beyond loopback, and ${listen} is not`, 'leave out --listen');
  if (listen !== undefined && dns !== undefined)
    both('--dns answers with addresses on loopback, and --listen is beyond it', 'leave out one of them');
  const byAddress = smtpPort === undefined ? firstAddress && '--first-address' : '--smtp-port';
  if ((byPort || listen !== undefined) && byAddress !== undefined)
    both(`${byAddress} is for hosts at addresses of their own`, 'leave it out, or --by-port and --listen');
  if (check && json) both('--json is not for a check', 'use --reporter json: run.json has the figures');
}
