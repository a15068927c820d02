// The reporter for people: one line per scenario as it ends, then all failures in full and a summary. On a
// terminal a live line shows the progress.

import pc from 'picocolors';
import { setRealInterval, wallNow } from '../../clock/system.js';
import type { RunResult } from '../../results/result.js';
import { plural, thousands, virtualTime } from '../figures.js';
import type { Reporter, RunStart, ScenarioEnd, ScenarioProgress, ScenarioStart } from '../reporter.js';
import { Printer, type Screen } from './screen.js';
import { failureLines } from './failure.js';
import { isFine, scenarioLine, summaryLines } from './lines.js';
import { lostLines } from './lost.js';
import { warningLines } from './warnings.js';
import { terminalLine } from '../text.js';

/** The real clock of this reporter; tests pass their own. */
export interface RealTime {
  now(): number;
  /** Calls `fn` at an interval. @returns a function that stops it */
  every(fn: () => void, ms: number): () => void;
}

const SYSTEM_TIME: RealTime = { now: wallNow, every: setRealInterval };

/** Shorter runs show no live line. */
const LIVE_AFTER_MS = 500;
const LIVE_EVERY_MS = 100;
/** Without a terminal: time without output after which a line of progress is written. */
const QUIET_MS = 10_000;
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

export class TerminalReporter implements Reporter {
  private readonly printer: Printer;
  private readonly colors: ReturnType<typeof pc.createColors>;
  private readonly isTTY: boolean;
  private readonly running = new Map<
    string,
    ScenarioStart & { since: number; progress?: ScenarioProgress }
  >();
  private readonly troubled: ScenarioEnd[] = [];
  private start: RunStart = { total: 0, workers: 0, seed: null, reportDir: '' };
  private startedAt = 0;
  private lastLineAt = 0;
  private ended = 0;
  private frame = 0;
  private stopTimer = (): void => {};

  constructor(
    screen: Screen,
    private readonly time: RealTime = SYSTEM_TIME,
  ) {
    this.printer = new Printer(screen);
    this.colors = pc.createColors(screen.color);
    this.isTTY = screen.isTTY;
  }

  onRunStart(run: RunStart): void {
    this.start = run;
    this.startedAt = this.time.now();
    const seed = run.seed === null ? '' : `, seed ${terminalLine(run.seed)}`;
    this.line(
      this.colors.dim(
        `Running ${plural(run.total, 'scenario')} with ${plural(run.workers, 'worker')}${seed}`,
      ),
    );
    this.line('');
    this.stopTimer = this.time.every(() => this.tick(), this.isTTY ? LIVE_EVERY_MS : QUIET_MS / 10);
  }

  onScenarioStart(scenario: ScenarioStart): void {
    this.running.set(scenario.file, { ...scenario, since: this.time.now() });
  }

  onProgress(progress: ScenarioProgress): void {
    const running = this.running.get(progress.file);
    if (running) running.progress = progress;
  }

  onScenarioEnd(end: ScenarioEnd): void {
    this.running.delete(end.result.file);
    this.ended += 1;
    if (!isFine(end.result)) this.troubled.push(end);
    this.line(scenarioLine(end.result, this.printer.columns, this.colors));
  }

  onRunEnd(run: RunResult): void {
    this.stopTimer();
    this.troubled.sort((a, b) => (a.result.file < b.result.file ? -1 : 1));
    this.troubled.forEach((end, index) => {
      this.line('');
      const lines = failureLines(end, index + 1, this.printer.columns, this.colors);
      for (const line of lines) this.line(line);
    });
    this.line('');
    const lost = lostLines(run, this.printer.columns, this.colors);
    for (const line of lost.length > 0 ? [...lost, ''] : []) this.line(line);
    const warnings = warningLines(run, this.printer.columns, this.colors);
    for (const line of warnings.length > 0 ? [...warnings, ''] : []) this.line(line);
    for (const line of summaryLines(run, this.start, this.printer.columns, this.colors)) this.line(line);
  }

  private line(text: string): void {
    this.lastLineAt = this.time.now();
    this.printer.line(text);
  }

  private tick(): void {
    const now = this.time.now();
    if (this.isTTY) {
      if (now - this.startedAt < LIVE_AFTER_MS) return;
      this.frame = (this.frame + 1) % SPINNER.length;
      this.printer.live(`${SPINNER[this.frame]} ${this.progressText()}`);
    } else if (now - this.lastLineAt >= QUIET_MS) this.line(`… ${this.progressText()}`);
  }

  /** `12 of 42 · 1 failed · Yahoo is down: 18h, 1,200 attempts`: names the scenario that has been running longest. */
  private progressText(): string {
    const parts = [`${thousands(this.ended)} of ${thousands(this.start.total)}`];
    if (this.troubled.length > 0) parts.push(`${thousands(this.troubled.length)} not passed`);
    const [longest] = [...this.running.values()].sort((a, b) => a.since - b.since);
    if (longest) {
      const { progress } = longest;
      const figures = progress
        ? `: ${virtualTime(progress.virtualMs)}, ${plural(progress.attempts, 'attempt')}`
        : '';
      parts.push(`${terminalLine(longest.name)}${figures}`);
    }
    return parts.join(' · ');
  }
}
