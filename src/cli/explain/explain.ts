// `bouncelab explain`: plays one scenario, or reads the events of a run, and prints the history of one
// contact.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { addressKey } from '../../base/addresses.js';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { explainLines } from '../../reporters/terminal/explain.js';
import { audienceOf, contactEvents } from '../../results/view/contact-events.js';
import { ViewFold } from '../../results/view/fold.js';
import { Printer } from '../../reporters/terminal/screen.js';
import { eventsName } from '../../suite/report-folder.js';
import type { ScenarioPlan, WireKind } from '../../scenarios/plan.js';
import { closest, nameHint, quoted } from '../../documents/problems.js';
import { selectScenarios } from '../../suite/select.js';
import { reason } from '../../base/os-error.js';
import { printProblems } from '../errors.js';
import type { Io } from '../io.js';
import { findRun } from '../run-folder.js';
import { playExplained } from './play.js';
import { siteOf } from './site.js';

/** Addresses that are searched for a similar one. */
const NAMES_MAX = 50_000;

export interface ExplainCommand {
  mailing?: string;
  seed?: string;
  policy?: string;
  sender?: string;
  wire?: WireKind;
  /** Read the events of the last run. */
  last: boolean;
  /** Read the events of this run. */
  run?: string;
  output: string;
}

/** @throws BouncelabError for an unknown scenario, contact, mailing or run, and for damaged events */
export async function explain(
  file: string,
  address: string,
  options: ExplainCommand,
  io: Io,
): Promise<ExitCode> {
  const { seed, policy, sender, wire, mailing } = options;
  // Events of a run have its audience.
  const withoutAudience = options.last || options.run !== undefined;
  const [entry, ...more] = selectScenarios({
    inputs: [file],
    cwd: io.cwd,
    seed,
    policy,
    sender,
    wire,
    withoutAudience,
  });
  if (!entry || more.length > 0) {
    throw new BouncelabError('E_USAGE', `${quoted(file)} contains ${more.length + 1} scenarios`, {
      hint: 'explain plays only one: name its file',
    });
  }
  if (!entry.plan) {
    printProblems(entry.problems, entry.source, io.stderr);
    return EXIT.invalidScenario;
  }
  const only = addressKey(address);
  const fold = new ViewFold({ policy: entry.plan.policy, only });
  const past = eventsFile(entry.plan, options, io);
  if (past) readPast(past, only, fold);
  else await playExplained(entry.plan, io, fold.read);
  if (io.signal.aborted) return EXIT.interrupted;
  const view = fold.result;
  const contact = view.contacts.find((one) => one.address === only) ?? fold.plainContact(only);
  if (!contact) {
    const names = past ? firstAddresses(past) : fold.addresses.slice(0, NAMES_MAX);
    const near = closest(only, names);
    throw new BouncelabError('E_NOT_FOUND', `${quoted(address)} is not a contact of ${entry.plan.name}`, {
      hint: near === undefined ? 'its audience is in the scenario file' : `did you mean ${quoted(near)}?`,
    });
  }
  const names = view.mailings.map(({ name }) => name);
  if (mailing !== undefined && !names.includes(mailing)) {
    throw new BouncelabError('E_NOT_FOUND', `there is no mailing ${quoted(mailing)}`, {
      hint: nameHint(mailing, names, 'mailings'),
    });
  }
  const printer = new Printer(io.stdout);
  const colors = pc.createColors(io.stdout.color);
  const site = siteOf(entry.plan, only);
  for (const line of explainLines(view, contact, { columns: printer.columns, colors, mailing, site }))
    printer.line(line);
  return EXIT.passed;
}

/** An events file: where it is, and how errors call it. */
interface PastEvents {
  path: string;
  name: string;
}

/** The events of the run that the options name; undefined when the scenario is to be played. */
function eventsFile(
  { file: scenario }: ScenarioPlan,
  options: ExplainCommand,
  io: Io,
): PastEvents | undefined {
  if (!options.last && options.run === undefined) return undefined;
  const run = options.run ?? 'latest';
  const file = `${eventsName(scenario)}.ndjson`;
  const name = join(options.output, run, 'events', file);
  const path = join(findRun(options.output, run, io.cwd), 'events', file);
  if (!existsSync(path)) {
    throw new BouncelabError('E_NOT_FOUND', `${name} does not exist`, {
      hint: 'that run did not play this scenario; without --last and --run it is played now',
    });
  }
  return { path, name };
}

function readPast({ path, name }: PastEvents, only: string, fold: ViewFold): void {
  try {
    for (const event of contactEvents(path, name, only)) fold.read(event);
  } catch (error) {
    if (error instanceof BouncelabError) throw error;
    throw new BouncelabError('E_EVENTS', `${name} cannot be read: ${reason(error)}`, {
      hint: 'without --last and --run the scenario is played now',
      cause: error,
    });
  }
}

/** Addresses among which one that is close is looked for. */
function firstAddresses({ path, name }: PastEvents): string[] {
  const addresses: string[] = [];
  for (const address of audienceOf(path, name)) if (addresses.push(address) >= NAMES_MAX) break;
  return addresses;
}
