// `run --baseline`: compares the results of a run with a file that is kept in git and shows every figure that
// differs. Writes the file when it does not exist yet, and with --update-baseline.

import { resolve } from 'node:path';
import pc from 'picocolors';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { plural } from '../../reporters/figures.js';
import { Printer, type Screen } from '../../reporters/terminal/screen.js';
import type { Colors } from '../../reporters/terminal/lines.js';
import { terminalLine } from '../../reporters/text.js';
import {
  baselineOf,
  differences,
  isRecordable,
  type Baseline,
  type ScenarioDifference,
} from '../../results/baseline/baseline.js';
import { readBaseline, writeBaseline } from '../../results/baseline/file.js';
import type { RunResult } from '../../results/result.js';

export interface BaselineOptions {
  baseline?: string;
  updateBaseline: boolean;
}

/** Differing figures shown per scenario; the rest is counted. */
const FIGURES_MAX = 40;

export class BaselineCheck {
  private constructor(
    private readonly name: string,
    private readonly file: string,
    private readonly known: Baseline | undefined,
    private readonly update: boolean,
  ) {}

  /**
   * Reads the file before anything is played.
   *
   * @returns undefined without --baseline
   * @throws BouncelabError E_BASELINE for a file that is not a baseline; E_USAGE for --update-baseline alone
   */
  static open({ baseline, updateBaseline }: BaselineOptions, cwd: string): BaselineCheck | undefined {
    if (baseline === undefined) {
      if (!updateBaseline) return undefined;
      throw new BouncelabError('E_USAGE', '--update-baseline needs --baseline', {
        hint: 'name the file as well: --baseline FILE --update-baseline',
      });
    }
    const file = resolve(cwd, baseline);
    return new BaselineCheck(baseline, file, readBaseline(file, baseline), updateBaseline);
  }

  /**
   * @param inputs files, folders and patterns of the command line
   * @param isNarrowed whether some of their scenarios were left out, such as by --grep
   * @returns 1 when a difference was not accepted, or an incomplete run cannot be a baseline
   */
  settle(run: RunResult, inputs: readonly string[], isNarrowed: boolean, screen: Screen): ExitCode {
    const out = new Printer(screen);
    const colors = pc.createColors(screen.color);
    const now = baselineOf(run, inputs);
    const unknown = new Set(run.scenarios.filter((one) => !isRecordable(one)).map(({ file }) => file));
    const isCut =
      run.interrupted || run.scenarios.some((one) => !isRecordable(one) && one.status !== 'skipped');
    const name = terminalLine(this.name);
    if (!this.known || this.update) {
      if (isCut) {
        out.line(colors.yellow(`baseline: ${name} is not written, because not every scenario ended`));
        return EXIT.failed;
      }
      const merged = this.known && !this.isWhole(now, isNarrowed) ? merge(this.known, now) : now;
      writeBaseline(this.file, this.name, merged);
      out.line(`baseline: ${name} written, ${plural(Object.keys(now.scenarios).length, 'scenario')}`);
      return EXIT.passed;
    }
    const isWhole = !run.interrupted && this.isWhole(now, isNarrowed);
    const found = differences(this.known, now, isWhole, unknown);
    if (found.length === 0) {
      out.line(`baseline: no difference from ${name}`);
      return EXIT.passed;
    }
    out.line('');
    out.line(
      colors.red(
        `baseline: ${plural(found.length, 'scenario')} ${found.length === 1 ? 'differs' : 'differ'} from ${name}`,
      ),
    );
    for (const one of found) for (const line of differenceLines(one, colors)) out.line(line);
    out.line('accept the new results with --update-baseline');
    return EXIT.failed;
  }

  private isWhole({ inputs }: Baseline, isNarrowed: boolean): boolean {
    return !isNarrowed && JSON.stringify(inputs) === JSON.stringify(this.known?.inputs);
  }
}

/** Replaces the scenarios that ran and keeps the others. */
function merge(known: Baseline, now: Baseline): Baseline {
  return { inputs: known.inputs, scenarios: { ...known.scenarios, ...now.scenarios } };
}

function differenceLines({ file, name, kind, figures }: ScenarioDifference, colors: Colors): string[] {
  const head = `${terminalLine(name)} (${terminalLine(file)})`;
  if (kind === 'missing') return [colors.red(`- ${head}: missing`)];
  if (kind === 'new') return [colors.green(`+ ${head}: new`)];
  const lines = [colors.bold(`  ${head}`)];
  for (const { path, before, after } of figures.slice(0, FIGURES_MAX)) {
    if (before !== undefined) lines.push(colors.red(`  - ${terminalLine(`${path}: ${before as string}`)}`));
    if (after !== undefined) lines.push(colors.green(`  + ${terminalLine(`${path}: ${after as string}`)}`));
  }
  if (figures.length > FIGURES_MAX) lines.push(`    and ${figures.length - FIGURES_MAX} more figures`);
  return lines;
}
