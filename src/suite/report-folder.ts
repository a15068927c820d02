// The report folder of a run: reports/<run-id>/ with run.json, junit.xml and the events of each
// scenario, and reports/latest that names the last one. It is made before anything runs, so that a folder that
// cannot be written is reported at once. Each file appears complete or not at all.

import { createHash, randomBytes } from 'node:crypto';
import { access, constants, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { wallDate } from '../clock/system.js';
import { BouncelabError } from '../base/errors.js';
import { textBlocks } from '../base/text-blocks.js';
import { runJson } from '../reporters/json.js';
import { junitXml } from '../reporters/junit.js';
import type { RunResult } from '../results/result.js';
import { isFull, unwritable } from '../base/unwritable.js';
import { LATEST, readLatestName } from './latest.js';
import { damagedRun, readRunFile, type EarlierRun } from './run-file.js';
import { endRun, markRun } from './run-marker.js';

/** Makes a symbolic link. A test passes one that fails, as on Windows without the privilege. */
type Symlink = (target: string, path: string) => Promise<void>;

export class RunOutput {
  /** Name of the run's folder, such as `20261123-094512-ab12cd` (UTC). */
  readonly runId: string;
  /** Folder of this run. */
  readonly dir: string;

  private constructor(
    private readonly parent: string,
    runId: string,
    private readonly link: Symlink,
  ) {
    this.runId = runId;
    this.dir = join(parent, runId);
  }

  /**
   * Makes a new report folder under `parent`, which is made too if it does not exist.
   *
   * @throws BouncelabError E_OUTPUT when it cannot be written
   */
  static async create(parent: string, link: Symlink = symlink): Promise<RunOutput> {
    return withOutputErrors(parent, async () => {
      await makeFolders(parent);
      await access(parent, constants.W_OK);
      refuseForeignLatest(parent);
      return new RunOutput(parent, await makeRunFolder(parent), link);
    });
  }

  /** Called when nothing more is written: from now on the folder may be removed by a later run. */
  end(): void {
    endRun(this.dir, this.runId);
  }

  /** File for the events of a scenario: NDJSON, one event a line. */
  eventsFile(scenarioFile: string): string {
    return join(this.dir, 'events', `${eventsName(scenarioFile)}.ndjson`);
  }

  /** File for the view of a scenario, kept until the page is written. */
  viewFile(scenarioFile: string): string {
    return join(this.dir, 'events', `${eventsName(scenarioFile)}.view.json`);
  }

  /** The page of the run. */
  get page(): string {
    return join(this.dir, 'index.html');
  }

  /**
   * Writes run.json and junit.xml, and points `latest` to this run.
   *
   * @throws BouncelabError E_OUTPUT when one of them cannot be written
   */
  async write(run: RunResult): Promise<void> {
    await withOutputErrors(this.parent, async () => {
      const verdict = (): Promise<void> =>
        this.replace(join(this.dir, 'run.json'), (path) => writeFile(path, textBlocks(runJson(run))));
      await verdict().catch(async (error: unknown) => {
        if (!isFull(error)) throw error;
        await this.makeRoom(run);
        await verdict();
      });
      await this.replace(join(this.dir, 'junit.xml'), (path) => writeFile(path, textBlocks(junitXml(run))));
      // It may have been put there since the run began.
      refuseForeignLatest(this.parent);
      await this.replace(join(this.parent, LATEST), (path) =>
        // Where the user may not make links, `latest` is a file that contains the name of the folder.
        this.link(this.runId, path).catch(() => writeFile(path, `${this.runId}\n`)),
      );
    });
  }

  /** On a full disk the verdict is worth more than events that were cut off. */
  private async makeRoom({ scenarios }: RunResult): Promise<void> {
    for (const { file, failures } of scenarios) {
      if (!failures.some(({ code }) => code === 'E_OUTPUT')) continue;
      await rm(this.eventsFile(file), { force: true });
      await rm(this.viewFile(file), { force: true });
    }
  }

  /** Makes a file or link under a temporary name and moves it into place in one step. */
  private async replace(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = `${path}.${this.runId}.tmp`;
    try {
      await make(temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

/**
 * Reads run.json of the last run.
 *
 * @param parent folder of the reports
 * @returns undefined when there was no run yet
 * @throws BouncelabError E_RUN_FILE when it, or what names the last run, is damaged or cannot be read
 */
export function readLatest(parent: string): EarlierRun | undefined {
  const latest = latestOf(parent);
  return latest === undefined
    ? undefined
    : readRunFile(join(parent, latest, 'run.json'), join(parent, LATEST, 'run.json'));
}

/**
 * The name of the last run.
 *
 * @throws BouncelabError E_RUN_FILE when `latest` is something else
 */
export function latestOf(parent: string): string | undefined {
  const latest = readLatestName(parent);
  if (latest && 'foreign' in latest) {
    throw damagedRun({ file: join(parent, LATEST), line: 1, column: 1 }, `it is ${latest.foreign}`);
  }
  return latest?.run;
}

/**
 * Makes a folder and its parents. Not with `recursive`: on a file system that refuses new folders with
 * ENOENT (/proc), Node then retries forever.
 */
async function makeFolders(path: string): Promise<void> {
  try {
    return await makeFolder(path);
  } catch (error) {
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error;
    await makeFolders(above);
    await makeFolder(path);
  }
}

/** Makes one folder. It may exist: another run may make it at the same time. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(path)).isDirectory();
    if (!isThere) throw error;
  }
}

async function makeRunFolder(parent: string): Promise<string> {
  const stamp = wallDate().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  for (;;) {
    const runId = `${stamp}-${randomBytes(3).toString('hex')}`;
    const folder = join(parent, runId);
    try {
      // Not recursive: it fails when another run has taken this name.
      await mkdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    try {
      markRun(folder, runId);
      await mkdir(join(folder, 'events'));
      return runId;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

/** Whatever else has that name was made by someone else. */
function refuseForeignLatest(parent: string): void {
  const latest = readLatestName(parent);
  if (!latest || 'run' in latest) return;
  const path = join(parent, LATEST);
  throw new BouncelabError('E_OUTPUT', `${path} is ${latest.foreign}, where a link to the last run belongs`, {
    hint: 'move it away, or choose another folder with --output',
  });
}

/**
 * File name for a scenario: readable, and different for any two files. A path that the readable form does not
 * preserve gets a hash.
 */
export function eventsName(file: string): string {
  const plain = /^[a-z0-9_]+(?:-[a-z0-9_]+)*(?:\/[a-z0-9_]+(?:-[a-z0-9_]+)*)*\.yaml$/;
  const readable = file
    .replace(/\.ya?ml$/i, '')
    .toLowerCase()
    .replaceAll('/', '--')
    .replaceAll(/[^a-z0-9_-]+/g, '-');
  if (plain.test(file) && readable.length <= 120) return readable;
  return `${readable.slice(-100).replace(/^-+|-+$/g, '') || 'scenario'}-${createHash('sha256').update(file).digest('hex').slice(0, 8)}`;
}

/** Converts errors of the file system to E_OUTPUT. */
async function withOutputErrors<T>(parent: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BouncelabError) throw error;
    throw unwritable(
      `the report cannot be written to ${parent}`,
      'choose another folder with --output',
      error,
    );
  }
}
