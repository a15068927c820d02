// The module that workers load to play scenarios. The virtual clock is installed in the worker, so that the main
// thread keeps real time and can enforce the limit.

import { ViewFold } from '../../results/view/fold.js';
import type { ScenarioResult } from '../../results/result.js';
import type { ScenarioPlan } from '../../scenarios/plan.js';
import { runAgain } from '../determinism.js';
import { runScenario, type RunScenarioOptions } from '../run.js';
import type { JobOutputs, RunProgress } from './executor.js';
import { FileOutput } from './file-output.js';
import type { CarryOut } from './messages.js';

export type OutputName = keyof JobOutputs;

interface PlayJob {
  kind: 'play';
  plan: ScenarioPlan;
  wallLimitMs: number;
  /** Paths of the outputs that the worker writes itself. */
  files: Partial<Record<OutputName, string>>;
  /** Outputs that are sent to the main thread as reports. */
  streams: readonly OutputName[];
}

/** Plays a scenario again, and compares its events with those of the first run. */
interface RepeatJob {
  kind: 'repeat';
  plan: ScenarioPlan;
  first: ScenarioResult;
  /** Events of the first run. */
  eventsFile: string;
  wallLimitMs: number;
}

export type RunJob = PlayJob | RepeatJob;

export type RunReport =
  { kind: 'progress'; progress: RunProgress } | { kind: 'text'; output: OutputName; text: string };

type Report = (report: RunReport) => void;

export const carryOut: CarryOut<RunJob, RunReport, ScenarioResult> = (job, report) =>
  job.kind === 'play' ? play(job, report) : runAgain(job.plan, { ...job, staysGuarded: true });

async function play(job: PlayJob, report: Report): Promise<ScenarioResult> {
  const { plan, wallLimitMs, files, streams } = job;
  const wantsView = files.view !== undefined || streams.includes('view');
  const view = wantsView ? new ViewFold({ policy: plan.policy }) : undefined;
  const result = await runScenario(plan, {
    wallLimitMs,
    staysGuarded: true,
    onProgress: (progress) => report({ kind: 'progress', progress }),
    ...(view ? { onEvent: view.read } : {}),
    ...outputOptions(job, report),
  });
  const text = view && viewText(view);
  if (text !== undefined) writeView(text, job, report);
  return result;
}

/** Undefined when the view is too long for one text: the result stands without it. */
function viewText(view: ViewFold): string | undefined {
  try {
    return JSON.stringify(view.result);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function outputOptions({ files, streams }: PlayJob, report: Report): RunScenarioOptions {
  const stream = (output: OutputName) => (text: string) => report({ kind: 'text', output, text });
  return {
    ...(files.events === undefined ? {} : { eventsFile: files.events }),
    ...(streams.includes('events') ? { onText: stream('events') } : {}),
    ...(files.contacts === undefined ? {} : { contactsFile: files.contacts }),
    ...(streams.includes('contacts') ? { onContacts: stream('contacts') } : {}),
  };
}

function writeView(text: string, { files }: PlayJob, report: Report): void {
  if (files.view === undefined) return report({ kind: 'text', output: 'view', text });
  const file = new FileOutput(files.view);
  try {
    file.write(text);
  } finally {
    file.close();
  }
}
