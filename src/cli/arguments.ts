// Parsers of option values, with the message for a value that is not accepted, and options that several
// commands share.

import { InvalidArgumentError, Option } from 'commander';
import { WIRES } from '../scenarios/plan.js';
import { domainKey } from '../base/domain-names.js';
import { parseDuration } from '../base/units.js';

const WORKERS_MAX = 256;
/** Far below the longest timer of Node (about 24 days); no scenario needs a day of real time. */
const TIMEOUT_MAX_MS = 24 * 3_600_000;

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > WORKERS_MAX) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${WORKERS_MAX}.`);
  }
  return value;
}

export function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new InvalidArgumentError('It must be a port from 1 to 65535.');
  return value;
}

export function hostPort(text: string, known: Map<string, number>): Map<string, number> {
  const [domain = '', number = ''] = text.split('=');
  if (domain === '' || number === '')
    throw new InvalidArgumentError('It must have the form DOMAIN=PORT, such as example.org=2525.');
  return known.set(domainKey(domain), port(number));
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number, at least 1.');
  return value;
}

/** A port, or 0 for any free port. */
export function anyPort(text: string): number {
  return text.trim() === '0' ? 0 : port(text);
}

/** Collects the values of an option that may be given several times. */
export function several(text: string, known: readonly string[] = []): string[] {
  return [...known, nonEmpty(text)];
}

export function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

export function duration(text: string): number {
  const value = parseDuration(text);
  if (value === undefined || value === 0 || value > TIMEOUT_MAX_MS)
    throw new InvalidArgumentError('It must be a duration such as 30s or 10m, at most 24h.');
  return value;
}

/** The option `--wire` of several commands. */
export function wireOption(whose = 'for every scenario instead of its own'): Option {
  return new Option('--wire <wire>', `what carries the bytes, ${whose}`).choices(WIRES);
}

/** The option `--timeout` of commands that play scenarios; milliseconds. */
export function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'real time that one scenario may use')
    .argParser(duration)
    .default(60_000, '60s');
}
