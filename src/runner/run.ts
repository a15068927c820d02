// Runs one scenario in this thread, from its plan to its result: installs the virtual clock, writes the
// events, and reports progress.

import { addressKey } from '../base/addresses.js';
import { wallNow } from '../clock/system.js';
import { VirtualClock } from '../clock/virtual.js';
import { EventLog } from '../events/log.js';
import type { RunEvent } from '../events/types.js';
import { contactsCsv, writeContacts, type ContactRow } from '../results/contacts-file.js';
import { Judge } from '../judge/judge.js';
import type { ScenarioPlan } from '../scenarios/plan.js';
import type { RunProgress } from './executors/executor.js';
import { FileOutput } from './executors/file-output.js';
import { play } from './play.js';
import type { ScenarioResult } from '../results/result.js';
import type { Tally } from '../results/tally/tally.js';

/** Real time between two reports of progress, ms. */
const PROGRESS_EVERY_MS = 200;

export interface RunScenarioOptions {
  /** File to which the events are written as NDJSON; its folder is made. */
  eventsFile?: string;
  /** CSV file to which the contacts are written after a run that came to its end. */
  contactsFile?: string;
  /** Real ms the run may take; without limit when absent. */
  wallLimitMs?: number;
  onProgress?: (progress: RunProgress) => void;
  /** Called with every event, in order, as it happens. */
  onEvent?: (event: RunEvent) => void;
  /** Called with the events as NDJSON, in blocks of whole lines. */
  onText?: (ndjson: string) => void;
  /** Called with the contacts as CSV, in blocks of whole lines, after a run that came to its end. */
  onContacts?: (csv: string) => void;
  /** Called at every instant; true ends the run early. */
  stop?: () => boolean;
  /** An external sender stays under guard after the run, until the end of its process. */
  staysGuarded?: boolean;
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
  const file = options.eventsFile === undefined ? undefined : new FileOutput(options.eventsFile);
  try {
    // Opened before anything is played: a file that cannot be written is reported at once.
    file?.open();
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
    const { verdict, failures, warnings } = await play(plan, { clock, emit: log.emit, judge, ...options });
    const isOver = verdict === 'passed' || verdict === 'failed';
    if (isOver) {
      const { contactsFile, onContacts } = options;
      if (contactsFile !== undefined) writeContacts(contactsFile, contactsAfter(plan, judge.tally));
      if (onContacts) for (const block of contactsCsv(contactsAfter(plan, judge.tally))) onContacts(block);
    }
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
      warnings,
      ...(verdict === 'passed' ? {} : { inProgress: judge.tally.inProgress.upTo(clock.now()) }),
    };
  } finally {
    clock.uninstall();
    file?.close();
  }
}

/** The contacts in the order in which they were added, with their addresses as the scenario writes them. */
function* contactsAfter({ contacts, events }: ScenarioPlan, tally: Tally): Iterable<ContactRow> {
  const added = events.filter((event) => event.action === 'add' || event.action === 'subscribe');
  // Of several spellings the first counts: it is the contact's own.
  const all = [...contacts, ...added].reverse();
  const written = new Map(all.map(({ address }) => [addressKey(address), address]));
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
