// Durations, ranges and shares as people write them in a scenario: `1h30m`, `0h..6h`, `10%`.
// Everything inside the program is a number of milliseconds or a fraction.

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration in a file: whole or decimal numbers with units, largest unit first. */
export const DURATION_PATTERN =
  '^(?=\\d)(?:\\d+(?:\\.\\d+)?d)?(?:\\d+(?:\\.\\d+)?h)?(?:\\d+(?:\\.\\d+)?m(?!s))?(?:\\d+(?:\\.\\d+)?s)?(?:\\d+(?:\\.\\d+)?ms)?$';
const DURATION = new RegExp(DURATION_PATTERN);
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/**
 * Reads a duration such as `90s`, `30m`, `1h30m` or `1d`.
 *
 * @returns milliseconds, rounded to a whole number; undefined when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * UNIT_MS[unit as string]!;
  return Math.round(total);
}

/**
 * Writes a duration as the reports show it: `30h00m`, `1h30m`, `45m`, `20s`, `5ms`.
 * Hours do not become days: the window of a mailing is given in hours.
 *
 * @param ms milliseconds; fractions of a second are dropped once there is a whole second
 */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms > 0 && ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.floor(ms / 1000);
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = seconds % 60;
  const tail = s > 0 ? `${String(s).padStart(h > 0 || m > 0 ? 2 : 1, '0')}s` : '';
  if (h > 0) return `${h}h${String(m).padStart(2, '0')}m${tail}`;
  if (m > 0) return `${m}m${tail}`;
  return tail || '0s';
}

/** Time span in virtual ms; the start is included, the end is not. */
export interface Window {
  from: number;
  to: number;
}

/** Reads `0h..6h`. @returns undefined when it is not a window, or ends before it starts */
export function parseWindow(text: string): Window | undefined {
  const [a, b, ...rest] = text.split('..');
  if (a === undefined || b === undefined || rest.length > 0) return undefined;
  const from = parseDuration(a.trim());
  const to = parseDuration(b.trim());
  return from === undefined || to === undefined || to <= from ? undefined : { from, to };
}

/** Reads `10%` or a fraction from 0 to 1. @returns the fraction, or undefined */
export function parseShare(value: string | number): number | undefined {
  const fraction =
    typeof value === 'number' ? value : /^\d+(\.\d+)?%$/.test(value) ? Number(value.slice(0, -1)) / 100 : NaN;
  return fraction >= 0 && fraction <= 1 ? fraction : undefined;
}

/** Reads `20kb`, `1mb` or a number of bytes. @returns bytes, or undefined */
export function parseSize(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : undefined;
  const match = /^(\d+(?:\.\d+)?)(b|kb|mb)$/i.exec(value);
  if (!match) return undefined;
  const unit = { b: 1, kb: 1024, mb: 1024 * 1024 }[match[2]!.toLowerCase()]!;
  return Math.round(Number(match[1]) * unit);
}

/** A count per span of time, such as 100 an hour. */
export interface Rate {
  count: number;
  perMs: number;
}

/** Reads `100/h` or `20/15m`. @returns undefined when it is not a rate, or its count or time is zero */
export function parseRate(text: string): Rate | undefined {
  const match = /^(\d+)\/(\d*)(ms|s|m|h|d)$/.exec(text);
  if (!match) return undefined;
  const count = Number(match[1]);
  const perMs = Number(match[2] || 1) * UNIT_MS[match[3]!]!;
  return count > 0 && perMs > 0 ? { count, perMs } : undefined;
}
