// Thresholds of `compare --fail-if`: `lost > 0` compares the sum of the last policy, `emma.lost > 0` that
// of a named policy, and `lost.delta > 0` the difference from the first policy.

import { BouncelabError } from '../../base/errors.js';
import { nameHint, quoted } from '../../documents/problems.js';
import { difference, FIGURES, type Figure, type Figures } from './figures.js';

const OPERATORS = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
} as const;
type Operator = keyof typeof OPERATORS;

const EXPRESSION =
  /^\s*(?<left>\S.*?)(?<![<>=!\s])\s*(?<operator><=|>=|==|!=|<|>)\s*(?<number>[+-]?\d+(?:\.\d+)?)\s*$/;
const NAMES = [...FIGURES, 'differing'] as const;

export interface Threshold {
  /** As written. */
  text: string;
  /** Index of the policy. */
  policy: number;
  figure: Figure | 'differing';
  isDelta: boolean;
  operator: Operator;
  number: number;
}

/** A threshold and whether it holds. */
export interface ThresholdResult {
  text: string;
  policy: string;
  /** The value found; null for the hours of a mailing that was not completed. */
  actual: number | null;
  holds: boolean;
}

/**
 * @param policies names in their order
 * @throws BouncelabError E_USAGE when it is not an expression, or names an unknown figure or policy
 */
export function parseThreshold(text: string, policies: readonly string[]): Threshold {
  const { left, operator, number } = EXPRESSION.exec(text)?.groups ?? {};
  if (left === undefined || operator === undefined) {
    throw new BouncelabError('E_USAGE', `--fail-if ${quoted(text)} is no threshold`, {
      hint: 'write FIGURE OPERATOR NUMBER, such as "lost > 0", "emma.hours >= 30" or "lost.delta > 0"; operators: < <= > >= == !=',
    });
  }
  const isDelta = left.endsWith('.delta');
  const path = isDelta ? left.slice(0, -'.delta'.length) : left;
  const dot = path.lastIndexOf('.');
  const name = path.slice(dot + 1);
  const figure = NAMES.find((one) => one === name);
  if (figure === undefined) {
    throw new BouncelabError('E_USAGE', `--fail-if ${quoted(text)}: there is no figure ${quoted(name)}`, {
      hint: nameHint(name, NAMES, 'figures'),
    });
  }
  const owner = dot < 0 ? policies.at(-1)! : path.slice(0, dot);
  const policy = policies.indexOf(owner);
  if (policy < 0) {
    throw new BouncelabError(
      'E_USAGE',
      `--fail-if ${quoted(text)}: the policy ${quoted(owner)} is not compared`,
      { hint: nameHint(owner, policies, 'policies') },
    );
  }
  if (figure === 'differing' && (isDelta || dot >= 0)) {
    throw new BouncelabError(
      'E_USAGE',
      `--fail-if ${quoted(text)}: differing is a figure of all policies together`,
      { hint: 'write it alone, such as "differing > 0"' },
    );
  }
  return { text, policy, figure, isDelta, operator: operator as Operator, number: Number(number) };
}

/** Compares the sums with a threshold. Hours without end are more than any number. */
export function checkThreshold(
  { text, policy, figure, isDelta, operator, number }: Threshold,
  policies: readonly string[],
  sum: readonly Figures[],
  differing: number,
): ThresholdResult {
  const figures = sum[policy]!;
  const actual =
    figure === 'differing'
      ? differing
      : isDelta
        ? difference(figure, figures, sum[0]!)
        : (figures[figure] ?? Infinity);
  return {
    text,
    policy: policies[policy]!,
    actual: Number.isFinite(actual) ? actual : null,
    holds: OPERATORS[operator](actual, number),
  };
}
