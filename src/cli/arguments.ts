// What the options of the command line take, and what is said of anything else.

import { InvalidArgumentError, Option } from 'commander';
import { WIRES } from '../scenarios/plan.js';
import { parseDuration } from '../base/units.js';

const WORKERS_MAX = 256;
/** Timers of Node hold about 24 days; nobody waits a day for one scenario. */
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
    throw new InvalidArgumentError('It must be a port, 1 to 65535.');
  return value;
}

export function hostPort(text: string, known: Map<string, number>): Map<string, number> {
  const [domain = '', number = ''] = text.split('=');
  if (domain === '' || number === '') throw new InvalidArgumentError('It must be such as example.org=2525.');
  return known.set(domain.toLowerCase(), port(number));
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

/** A port, or 0 for any that is free. */
export function anyPort(text: string): number {
  return text.trim() === '0' ? 0 : port(text);
}

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

/** `--wire`, which several commands take. */
export function wireOption(whose = 'for every scenario instead of its own'): Option {
  return new Option('--wire <wire>', `what carries the bytes, ${whose}`).choices(WIRES);
}

/** `--timeout`, of commands that play scenarios, ms. */
export function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'real time that one scenario may use')
    .argParser(duration)
    .default(60_000, '60s');
}
