// Figures, times and states as text on a page. Every state has a sign besides its color, so that it can be
// recognized without color.

import type { MailingState } from '../../events/types.js';
import { thousands } from '../../reporters/figures.js';
import type { ScenarioStatus } from '../../results/result.js';
import { formatDuration } from '../../base/units.js';
import { h, bdi } from './dom.js';

export const number = thousands;

export const time = formatDuration;

/** The states of deliveries in the order in which they are shown. */
export const STATES = [
  { key: 'delivered', label: 'Delivered', sign: '✓', color: 'delivered', dash: [] },
  { key: 'inProgress', label: 'In progress', sign: '◔', color: 'progress', dash: [8, 4] },
  { key: 'soft', label: 'Soft bounced', sign: '≈', color: 'soft', dash: [2, 3] },
  { key: 'hard', label: 'Hard bounced', sign: '✕', color: 'hard', dash: [10, 3, 2, 3] },
  { key: 'withdrawn', label: 'Withdrawn', sign: '⊘', color: 'withdrawn', dash: [1, 5] },
] as const;

export const OUTCOME_SIGNS: Record<string, { sign: string; color: string }> = {
  accepted: { sign: '✓', color: 'delivered' },
  deferred: { sign: '≈', color: 'soft' },
  rejected: { sign: '✕', color: 'hard' },
  unreachable: { sign: '∅', color: 'withdrawn' },
  unknown: { sign: '?', color: 'progress' },
};

const STATE_WORDS: Record<string, { sign: string; color: string; text: string }> = {
  queued: { sign: '◔', color: 'progress', text: 'in progress' },
  delivered: { sign: '✓', color: 'delivered', text: 'delivered' },
  'soft-bounced': { sign: '≈', color: 'soft', text: 'soft bounced' },
  'hard-bounced': { sign: '✕', color: 'hard', text: 'hard bounced' },
  withdrawn: { sign: '⊘', color: 'withdrawn', text: 'withdrawn' },
};

export function stateWord(state: string): HTMLElement {
  const { sign, color, text } = STATE_WORDS[state] ?? { sign: '·', color: 'quiet', text: state };
  return h('span', { class: color }, h('span', { 'aria-hidden': 'true' }, sign), ` ${text}`);
}

export function outcomeWord(outcome: string): HTMLElement {
  const { sign, color } = OUTCOME_SIGNS[outcome] ?? { sign: '·', color: 'quiet' };
  return h('span', { class: color }, h('span', { 'aria-hidden': 'true' }, sign), ' ', bdi(outcome));
}

const STATUS_WORDS: Record<string, string> = { active: 'active', error: '✕ error', 'opt-out': '⊘ opt-out' };

export function statusWord(status: string): HTMLElement {
  const color = status === 'error' ? 'hard' : status === 'opt-out' ? 'withdrawn' : '';
  return h('span', { class: color }, STATUS_WORDS[status] ?? status);
}

/** Class and glyph of a verdict. */
const VERDICTS: Partial<Record<ScenarioStatus, [kind: string, glyph: string]>> = {
  passed: ['passed', '✓'],
  failed: ['failed', '✕'],
  skipped: ['skipped', '–'],
};

export function verdict(status: ScenarioStatus, text: string = status): HTMLElement {
  const [kind, glyph] = VERDICTS[status] ?? ['other', '!'];
  return h(
    'span',
    { class: `verdict ${kind}` },
    h('span', { class: 'glyph', 'aria-hidden': 'true' }, glyph),
    text,
  );
}

export function mailingState(state: MailingState): string {
  return state === 'in-progress' ? 'in progress' : state;
}

/** `1 contact`, `2 contacts` */
export function count(n: number, noun: string): string {
  return `${number(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** The folder of a file, unless that is the topmost one; else empty. */
export function themeOf(file: string): string {
  return file.split('/').slice(1, -1).at(-1) ?? '';
}

/** Virtual time to the millisecond. */
export function clock(ms: number): string {
  const rest = ms % 1000;
  const whole = time(ms - rest);
  if (rest === 0) return whole;
  // A time without seconds gets them: `6h00m` becomes `6h00m00.010s`.
  const seconds = whole.endsWith('s') ? whole.slice(0, -1) : `${whole}00`;
  return `${seconds}.${String(rest).padStart(3, '0')}s`;
}
