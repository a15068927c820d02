// Parsers of the option values that only `bouncelab serve` has.

import net from 'node:net';
import { InvalidArgumentError } from 'commander';
import { isLoopback } from '../../base/loopback.js';
import { parseDuration } from '../../base/units.js';
import { port } from '../arguments.js';

/** Above it a timer of one real millisecond is longer than most tolerances. */
const SPEED_MAX = 100_000;

export function speed(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 1 && value <= SPEED_MAX))
    throw new InvalidArgumentError(`It must be a number from 1 to ${SPEED_MAX}.`);
  return value;
}

export function fleetTime(text: string): number {
  const value = parseDuration(text);
  if (value === undefined || value === 0)
    throw new InvalidArgumentError('It must be a duration such as 90s, 10m or 30h.');
  return value;
}

export function ipAddress(text: string): string {
  if (net.isIP(text) === 0) throw new InvalidArgumentError('It must be an IP address.');
  return text;
}

/** @returns the address and port in `127.0.0.1:2600` or `[::1]:2600` */
export function loopbackPlace(text: string): { address: string; port: number } {
  const [, address = '', number = ''] = /^\[?([^[\]]*)\]?:(\d+)$/.exec(text) ?? [];
  if (!isLoopback(address))
    throw new InvalidArgumentError('It must have the form ADDRESS:PORT with an address on loopback.');
  return { address, port: port(number) };
}
