// `bouncelab show-report`: serves the page of a run on loopback, for browsers that cannot open the file.

import { existsSync, lstatSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import express from 'express';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { quoted } from '../../documents/problems.js';
import { reason } from '../../base/os-error.js';
import type { Io } from '../io.js';
import { readRunFile } from '../../suite/run-file.js';
import { findRun } from '../run-folder.js';

export interface ShowReportCommand {
  output: string;
  /** 0: any free port. */
  port: number;
}

const LOOPBACK = '127.0.0.1';

/** The files of a run. */
const SERVED = /^(?:index\.html|run\.json|junit\.xml|events\/[a-z0-9_-]+\.ndjson)$/;

/**
 * Serves until it is interrupted.
 *
 * @throws BouncelabError E_NOT_FOUND for an unknown run or one without a page, E_RUN_FILE for damaged files,
 *   E_USAGE for a port in use
 */
export async function showReport(run: string, options: ShowReportCommand, io: Io): Promise<ExitCode> {
  const folder = findRun(options.output, run, io.cwd);
  if (!existsSync(join(folder, 'index.html'))) {
    throw new BouncelabError('E_NOT_FOUND', `the run ${quoted(basename(folder))} has no page`, {
      hint: 'it ran with --no-html, or was killed',
    });
  }
  readRunFile(join(folder, 'run.json'), join(options.output, run, 'run.json'));
  const app = express();
  app.disable('x-powered-by');
  app.use((request, response, next) => {
    // Prevents DNS rebinding: a foreign host name that resolves to loopback gets nothing.
    const { hostname } = request;
    if (hostname === LOOPBACK || hostname === 'localhost') next();
    else response.status(403).type('text').send('This server answers on loopback only.\n');
  });
  app.get('/{*path}', (request, response, next) => {
    // The path as it was sent: one with escapes or `..` is not among those that a run writes.
    const name = request.path === '/' ? 'index.html' : request.path.slice(1);
    if (!SERVED.test(name) || !isInside(folder, name)) next();
    else response.sendFile(name, { root: folder });
  });
  const server = app.listen(options.port, LOOPBACK);
  try {
    await new Promise<void>((done, fail) => {
      server.once('listening', done);
      server.once('error', fail);
    });
  } catch (error) {
    throw new BouncelabError('E_USAGE', `cannot serve on port ${options.port}: ${reason(error)}`, {
      hint: 'without --port, a free port is used',
    });
  }
  const { port } = server.address() as AddressInfo;
  io.stdout.write(`http://${LOOPBACK}:${port}/\n`);
  await new Promise<void>((done) => {
    if (io.signal.aborted) return done();
    io.signal.addEventListener('abort', () => done(), { once: true });
  });
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  return EXIT.passed;
}

/** Whether a file of a run is there, and neither it nor its folder is a link to somewhere else. */
function isInside(folder: string, name: string): boolean {
  const parts = name.split('/');
  return parts.every((_, index) => {
    const info = lstatSync(join(folder, ...parts.slice(0, index + 1)), { throwIfNoEntry: false });
    return index === parts.length - 1 ? info?.isFile() === true : info?.isDirectory() === true;
  });
}
