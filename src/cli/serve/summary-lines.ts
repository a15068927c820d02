// The summary at the end of `bouncelab serve`, as text for people.

import { formatDuration } from '../../base/units.js';
import type { FleetSummary, HostSummary, RecipientSummary } from '../../live/summary.js';
import { plural, thousands } from '../../reporters/figures.js';
import { pad } from '../../reporters/terminal/layout.js';
import { terminalLine } from '../../reporters/text.js';

/** Hosts and recipients that are listed; the others are counted. */
const LISTED_MAX = 20;

/** Gaps that are written of one recipient. */
const GAPS_MAX = 8;

/** @param elapsedMs of the fleet */
export function fleetSummaryLines(summary: FleetSummary, elapsedMs: number): string[] {
  const { hosts, recipients, returns } = summary;
  const after = `After ${formatDuration(elapsedMs)}`;
  if (hosts.length === 0) return [`${after}: no client connected.`];
  const sessions = sum(hosts.map((host) => host.sessions));
  const messages = sum(hosts.map((host) => host.messages));
  const { sent, failed } = returns;
  return [
    `${after}: ${plural(sessions, 'session')}, ${plural(messages, 'message')} accepted`,
    ...table(hosts.map(hostCells), hosts.length),
    ...(recipients.length === 0 ? [] : ['', `${plural(recipients.length, 'recipient')}, attempts and gaps`]),
    ...table(recipients.slice(0, LISTED_MAX).map(recipientCells), recipients.length),
    ...(sent + failed > 0
      ? ['', `${thousands(sent)} returned${failed > 0 ? `, ${thousands(failed)} not returned` : ''}`]
      : []),
  ];
}

function hostCells({ domain, host, sessions, messages, replies }: HostSummary): string[] {
  const codes = Object.entries(replies).map(([code, count]) => `${code} ×${thousands(count)}`);
  return [
    host === `mx.${domain}` || domain === host ? host : `${host} (${domain})`,
    plural(sessions, 'session'),
    plural(messages, 'message'),
    codes.join(' '),
  ];
}

function recipientCells({ address, attempts, gaps, accepted }: RecipientSummary): string[] {
  const shown = gaps.slice(0, GAPS_MAX).map(formatDuration);
  const rest = gaps.length - shown.length;
  return [
    address,
    plural(attempts.length, 'attempt'),
    accepted > 0 ? 'accepted' : 'not accepted',
    [...shown, ...(rest > 0 ? [`and ${thousands(rest)} more`] : [])].join(', '),
  ];
}

function table(rows: readonly string[][], total: number): string[] {
  const shown = rows.slice(0, LISTED_MAX).map((row) => row.map(terminalLine));
  const widths = [0, 1, 2].map((column) => Math.max(0, ...shown.map((row) => row[column]!.length)));
  const lines = shown.map((row) =>
    `  ${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  return total > shown.length
    ? [...lines, `  and ${thousands(total - shown.length)} more (--json has all)`]
    : lines;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
