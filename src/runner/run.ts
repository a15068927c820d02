// Runs one scenario in this thread, from its plan to its result: installs the virtual clock, keeps the
// events, and tells how far it is.

import { mkdirSync, openSync, closeSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { wallNow } from '../clock/system.js';
import { VirtualClock } from '../clock/virtual.js';
import { EventLog } from '../events/log.js';
import type { RunEvent } from '../events/types.js';
import { writeContacts, type ContactRow } from '../results/contacts-file.js';
import { Judge } from '../judge/judge.js';
import type { ScenarioPlan } from '../scenarios/plan.js';
import { play } from './play.js';
import type { ScenarioResult } from '../results/result.js';
import type { Tally } from '../results/tally/tally.js';
import { unwritable } from '../base/unwritable.js';

/** Real time between two signs of life. */
const PROGRESS_EVERY_MS = 200;

export interface RunProgress {
  virtualMs: number;
  attempts: number;
}

export interface RunScenarioOptions {
  /** File that gets the events as NDJSON; its folder is made. */
  eventsFile?: string;
  /** CSV file that gets the contacts as they are in the end; not after a run that had none. */
  contactsFile?: string;
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
    const { verdict, failures } = await play(plan, { clock, emit: log.emit, judge, ...options });
    const isOver = verdict === 'passed' || verdict === 'failed';
    if (options.contactsFile !== undefined && isOver)
      writeContacts(options.contactsFile, contactsAfter(plan, judge.tally));
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
      ...(verdict === 'passed' ? {} : { inProgress: judge.tally.inProgress.upTo(clock.now()) }),
    };
  } finally {
    clock.uninstall();
    file?.close();
  }
}

/** The contacts in the order in which they came, with their addresses as they were written. */
function* contactsAfter({ contacts }: ScenarioPlan, tally: Tally): Iterable<ContactRow> {
  const written = new Map(contacts.map(({ address }) => [address.toLowerCase(), address]));
  for (const [key, { status, softBounceStreak }] of tally.contacts)
    yield { address: written.get(key) ?? key, status, softBounceStreak };
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
      throw unwritable(`cannot write ${file}`, 'choose another folder with --output', error);
    }
  };
  const fd = attempt(() => {
    mkdirSync(path.dirname(file), { recursive: true });
    return openSync(file, 'w');
  });
  // Until all of it is written: of one write, a disk that is nearly full takes a part.
  return { write: (text) => attempt(() => writeFileSync(fd, text)), close: () => closeSync(fd) };
}
