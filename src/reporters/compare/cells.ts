// Figures of a comparison as text, for the terminal and the page: the label of each figure, and its
// difference from the first policy with a sign: `+12 ✗` is worse, `-3 ✓` is better, `=` is the same.

import type { ComparedScenario } from '../../results/comparison/comparison.js';
import {
  difference,
  FIGURES,
  isBetter,
  type Figure,
  type Figures,
} from '../../results/comparison/figures.js';
import { thousands } from '../figures.js';

export const LABELS: Record<Figure, string> = {
  delivered: 'delivered',
  soft: 'soft bounced',
  hard: 'hard bounced',
  lost: 'contacts lost',
  notTheirs: 'lost, not theirs',
  hours: 'hours',
  attempts: 'attempts',
  connections: 'connections',
  refused: 'refused',
};

export interface Cell {
  value: string;
  /** Difference from the first policy; empty for the first policy itself. */
  change: string;
  verdict: 'same' | 'better' | 'worse';
}

/** Whether a figure, what a site saw, or the end of a contact differs between policies. */
export function isDifferent({ figures, sites, ends }: ComparedScenario): boolean {
  return ends.contacts > 0 || sites.length > 0 || differingFigures(figures).length > 0;
}

/** The figures that differ between policies. */
export function differingFigures(figures: readonly Figures[]): Figure[] {
  return FIGURES.filter((name) => figures.some((one) => difference(name, one, figures[0]!) !== 0));
}

/** One figure under one policy, compared with `first`. */
export function cellOf(name: Figure, figures: Figures, first: Figures): Cell {
  const value = valueText(name, figures[name]);
  if (figures === first) return { value, change: '', verdict: 'same' };
  const change = difference(name, figures, first);
  if (change === 0) return { value, change: '=', verdict: 'same' };
  const verdict = isBetter(name, change) ? 'better' : 'worse';
  const size = Number.isFinite(change) ? valueText(name, Math.abs(change)) : '∞';
  return { value, change: `${change > 0 ? '+' : '-'}${size} ${verdict === 'better' ? '✓' : '✗'}`, verdict };
}

function valueText(name: Figure, value: number | null): string {
  if (value === null) return 'not ended';
  return name === 'hours' ? value.toFixed(1) : thousands(value);
}
