// `bouncelab serve`: runs the fleet of a scenario in real time, for any program that sends mail, and prints
// its events.

import pc from 'picocolors';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import type { Fact } from '../../events/types.js';
import { seededRandom } from '../../base/random.js';
import { pad } from '../../reporters/terminal/layout.js';
import { terminalLine } from '../../reporters/text.js';
import { loadFleet, type FleetPlan } from '../../scenarios/fleet-file.js';
import { usesTls } from '../../scenarios/fleet/uses-tls.js';
import { certificates } from '../../simulator/certificates.js';
import { LiveFleet, type LiveHost } from '../../live/fleet.js';
import { printProblems } from '../errors.js';
import type { Io } from '../io.js';

export interface ServeOptions {
  port?: number;
  hostPort: ReadonlyMap<string, number>;
  json: boolean;
  seed?: string;
}

/** A fleet that accepts everything. */
const EMPTY: FleetPlan = { fleet: { default: { behaviors: [], mailboxes: [] } }, events: [], seed: '1' };

/** @throws BouncelabError E_USAGE for a port that cannot be used, or a --host-port of an unknown domain */
export async function serve(file: string | undefined, options: ServeOptions, io: Io): Promise<ExitCode> {
  const { seed } = options;
  const loaded = file === undefined ? { plan: EMPTY } : loadFleet(file, { cwd: io.cwd, seed });
  if (!loaded.plan) {
    printProblems(loaded.problems, loaded.source, io.stderr);
    return EXIT.invalidScenario;
  }
  const plan = { ...loaded.plan, fleet: withShorthand(loaded.plan.fleet) };
  refuseUnknownHosts(options.hostPort, plan);
  let seq = 0;
  const fleet = new LiveFleet({
    fleet: plan.fleet,
    sites: plan.sites ?? {},
    changes: plan.events.flatMap((event) => (event.action === 'set' ? [event] : [])),
    random: seededRandom(seed ?? plan.seed),
    certificates: usesTls(plan) ? await certificates() : undefined,
    firstPort: options.port,
    ports: options.hostPort,
    emit: (fact, t) => {
      if (options.json) io.stdout.write(`${JSON.stringify({ seq: seq++, t, ...fact })}\n`);
      else io.stdout.write(`${factLine(fact, t, io)}\n`);
    },
  });
  try {
    const hosts = await fleet.open();
    // With --json a program reads standard output, so the ports go to standard error.
    for (const line of hostLines(hosts)) (options.json ? io.stderr : io.stdout).write(`${line}\n`);
    await new Promise<void>((done) => {
      if (io.signal.aborted) done();
      io.signal.addEventListener('abort', () => done(), { once: true });
    });
  } finally {
    await fleet.close();
  }
  return EXIT.passed;
}

/** Enables behaviors in the local part of an address for all domains, unless the file disables them. */
function withShorthand(fleet: FleetPlan['fleet']): FleetPlan['fleet'] {
  return Object.fromEntries(
    Object.entries(fleet).map(([domain, plan]) => [domain, { shorthand: true, ...plan }]),
  );
}

function refuseUnknownHosts(ports: ReadonlyMap<string, number>, { fleet }: FleetPlan): void {
  for (const domain of ports.keys()) {
    if (Object.hasOwn(fleet, domain)) continue;
    throw new BouncelabError('E_USAGE', `--host-port names ${domain}, which is not in the fleet`, {
      hint: `domains: ${Object.keys(fleet).join(', ')}`,
    });
  }
}

function hostLines(hosts: readonly LiveHost[]): string[] {
  const lines = hosts.map(({ domain, host, port }) => {
    const name = domain === 'default' ? 'every other domain' : `${domain} (${host})`;
    return `  ${pad(`127.0.0.1:${port}`, 15)}  ${terminalLine(name)}`;
  });
  return ['Listening. Press Ctrl-C to stop.', ...lines, ''];
}

/** One line per event for people: time in seconds, session, direction and text. */
function factLine(fact: Fact, t: number, io: Io): string {
  const colors = pc.createColors(io.stdout.color);
  const session = 'session' in fact ? `#${fact.session}` : '';
  const at = colors.dim(`${(t / 1000).toFixed(3).padStart(9)} ${pad(session, 5)}`);
  return `${at} ${terminalLine(factText(fact))}`;
}

function factText(fact: Fact): string {
  switch (fact.type) {
    case 'connection.opened':
      return `connection from ${fact.client} to ${fact.host}`;
    case 'connection.refused':
      return `${fact.host}: ${fact.how === 'refused' ? 'refused a connection' : 'did not answer a connection'}`;
    case 'connection.closed':
      return 'closed';
    case 'smtp.command':
      return `> ${fact.line}`;
    case 'smtp.reply': {
      const enhanced = fact.enhanced === undefined ? '' : `${fact.enhanced} `;
      return `< ${fact.code} ${enhanced}${fact.lines.join(' | ')}`;
    }
    case 'smtp.garbled':
      return `< ${JSON.stringify(fact.text)}`;
    case 'tls.started':
      return `${fact.protocol} with a certificate that ${fact.certificate === 'valid' ? 'is valid' : 'has expired'}`;
    case 'tls.failed':
      return 'the TLS handshake failed';
    case 'message.accepted':
      return `accepted a message of ${fact.size} bytes for ${fact.rcpt}: ${fact.placement}`;
    default:
      return fact.type;
  }
}
