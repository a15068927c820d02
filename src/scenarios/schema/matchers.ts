// Values of expectations: a number or a duration may be given exactly, as a range or as a bound, and
// attempts as a list of offsets.

import { z } from 'zod';
import { durationField } from '../../base/schema-fields.js';
import { parseDuration } from '../../base/units.js';
import type { NumberMatcher } from '../plan.js';

const NUMBER_TEXT =
  'a number such as 3, a range such as "2..4", or a bound such as ">= 990", "<= 40", "> 1" or "< 5"';
const TIME_TEXT = 'a duration such as 30h, a range such as "1h..2h", or a bound such as "<= 30h"';
const OFFSETS_TEXT = 'a number such as 4, or a list of offsets such as [0m, 30m, 60m]';

const NUMBER = '\\d+';
const TIME = '\\d[\\d.dhms]*';

// A single instance with an id, so that the JSON Schema contains it once.
const numberMatcher = z
  .union([z.int(NUMBER_TEXT).min(0, NUMBER_TEXT), matcherText(NUMBER, NUMBER_TEXT)], { error: NUMBER_TEXT })
  .transform((value, context) => {
    const matcher = parseMatcher(String(value), parseCount);
    if (matcher) return matcher;
    context.addIssue({ code: 'custom', message: NUMBER_TEXT });
    return z.NEVER;
  })
  .meta({ id: 'numberMatcher', description: NUMBER_TEXT });

/** `3`, `"2..4"`, `">= 990"`; becomes bounds. */
export function numberMatcherField() {
  return numberMatcher;
}

/** `30h`, `"<= 30h"`; becomes bounds in milliseconds. */
export function durationMatcherField() {
  return z
    .string({ error: TIME_TEXT })
    .regex(matcherPattern(TIME), TIME_TEXT)
    .transform((value, context) => {
      const matcher = parseMatcher(value, parseDuration);
      if (matcher) return matcher;
      context.addIssue({ code: 'custom', message: TIME_TEXT });
      return z.NEVER;
    });
}

const offsetList = z
  .array(durationField())
  .superRefine((offsets, context) => {
    const message = wrongOffsets(offsets);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .transform((offsets) => ({ offsets }));

function wrongOffsets(offsets: readonly unknown[]): string | undefined {
  if (offsets.length === 0) return 'a list of at least one offset; for none write 0';
  // An item that is no duration has its own problem already.
  if (!offsets.every((offset) => typeof offset === 'number')) return undefined;
  if (offsets[0] !== 0) return 'a list of offsets from the first attempt, so its first item is 0m';
  const isAscending = offsets.every((offset, i) => i === 0 || offset > offsets[i - 1]!);
  return isAscending ? undefined : 'a list of offsets in ascending order';
}

const offsetsMatcher = z
  .union([numberMatcher, offsetList], { error: OFFSETS_TEXT })
  .meta({ id: 'offsetsMatcher', description: OFFSETS_TEXT });

/** A number of attempts, or their offsets from the first in ascending order; becomes bounds or milliseconds. */
export function offsetsField() {
  return offsetsMatcher;
}

function matcherText(amount: string, text: string) {
  return z.string().regex(matcherPattern(amount), text);
}

function matcherPattern(amount: string): RegExp {
  return new RegExp(`^\\s*(?:(?:>=|<=|>|<)\\s*${amount}|${amount}(?:\\s*\\.\\.\\s*${amount})?)\\s*$`);
}

function parseCount(text: string): number | undefined {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

function parseMatcher(
  written: string,
  parse: (text: string) => number | undefined,
): NumberMatcher | undefined {
  const text = written.trim();
  const bound = /^(>=|<=|>|<)\s*(\S+)$/.exec(text);
  if (bound) {
    const value = parse(bound[2]!);
    if (value === undefined) return undefined;
    const exclusive = bound[1]!.length === 1 ? { exclusive: true } : {};
    return bound[1]!.startsWith('>')
      ? { text, min: value, ...exclusive }
      : { text, max: value, ...exclusive };
  }
  const [from, to = from] = text.split('..');
  const min = parse(from!.trim());
  const max = parse(to!.trim());
  return min === undefined || max === undefined || max < min ? undefined : { text, min, max };
}
