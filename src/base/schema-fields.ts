// Schema fields for the units and names in files that people write. Each checks and converts in one
// step; the generated JSON Schema shows the written form. Messages are noun phrases that complete
// "must be ...", so that all errors read alike.

import { z } from 'zod';
import { addressFault, isAddress } from './addresses.js';
import { domainFault, isDomain, shortened, type NameFault } from './domain-names.js';
import { DURATION_PATTERN, parseDuration, parseRate, parseShare, parseSize, parseWindow } from './units.js';

const DURATION_TEXT = 'a duration such as 90s, 30m, 6h or 1h30m';
const WINDOW_TEXT = 'a window such as 0h..6h, its end after its start';
const SHARE_TEXT = 'a share such as 10%, from 0% to 100%';
const SIZE_TEXT = 'a size such as 20kb, 1mb or a number of bytes';
const RATE_TEXT = 'a rate such as 100/h or 20/15m';
const ADDRESS_TEXT = 'an address such as bob@example.org, without spaces or angle brackets';
const BOUNCE_STATUS_TEXT = 'an enhanced status code such as 5.1.1 or 4.2.2';
const DOMAIN_TEXT = 'a domain such as example.org';

/** Ten years: longer than any mailing, and sums of such durations are still exact integers. */
const LONGEST_MS = 3650 * 86_400_000;
const LONGEST_TEXT = 'a time of at most 3650d';

// One named instance: the JSON Schema then contains its long pattern once.
const duration = z
  .string({ error: DURATION_TEXT })
  .regex(new RegExp(DURATION_PATTERN), DURATION_TEXT)
  .transform((text) => parseDuration(text)!)
  .refine((ms) => ms <= LONGEST_MS, LONGEST_TEXT)
  .meta({ id: 'duration', description: DURATION_TEXT });

/** `90s`, `30m`, `1h30m`; becomes milliseconds. */
export function durationField() {
  return duration;
}

/** A duration over zero. */
export function positiveDurationField() {
  return durationField().refine((ms) => ms > 0, 'a duration over 0s');
}

/** `0h..6h`; becomes `{ from, to }` in milliseconds. */
export function windowField() {
  return z
    .string({ error: WINDOW_TEXT })
    .regex(/^\s*\d[\d.dhms]*\s*\.\.\s*\d[\d.dhms]*\s*$/, WINDOW_TEXT)
    .transform((text, context) => {
      const window = parseWindow(text);
      if (window && window.to <= LONGEST_MS) return window;
      context.addIssue({ code: 'custom', message: window ? LONGEST_TEXT : WINDOW_TEXT });
      return z.NEVER;
    });
}

/** `10%` or 0.1; becomes a fraction. */
export function shareField() {
  return z
    .union(
      [z.string().regex(/^\d+(\.\d+)?%$/, SHARE_TEXT), z.number().min(0, SHARE_TEXT).max(1, SHARE_TEXT)],
      {
        error: SHARE_TEXT,
      },
    )
    .transform((value, context) => {
      const fraction = parseShare(value);
      if (fraction !== undefined) return fraction;
      context.addIssue({ code: 'custom', message: SHARE_TEXT });
      return z.NEVER;
    });
}

/** `20kb` or a number of bytes; becomes bytes. */
export function sizeField() {
  return z
    .union(
      [z.string().regex(/^\d+(\.\d+)?(b|kb|mb|B|KB|MB)$/, SIZE_TEXT), z.int(SIZE_TEXT).min(0, SIZE_TEXT)],
      {
        error: SIZE_TEXT,
      },
    )
    .transform((value, context) => {
      const bytes = parseSize(value);
      if (bytes !== undefined) return bytes;
      context.addIssue({ code: 'custom', message: SIZE_TEXT });
      return z.NEVER;
    });
}

/** `100/h` or `20/15m`; becomes a count and its time in ms. */
export function rateField() {
  return z
    .string({ error: RATE_TEXT })
    .regex(/^\d{1,9}\/\d{0,6}(ms|s|m|h|d)$/, RATE_TEXT)
    .transform((text, context) => {
      const rate = parseRate(text);
      if (rate) return rate;
      context.addIssue({ code: 'custom', message: RATE_TEXT });
      return z.NEVER;
    });
}

/** An address, as written. */
export function addressField() {
  return z.string({ error: ADDRESS_TEXT }).superRefine((text, context) => {
    if (!isAddress(text)) context.addIssue(faultIssue(text, 'an address', addressFault(text), ADDRESS_TEXT));
  });
}

/** The status code of a bounce message: `5.1.1`, `4.2.2`. */
export function bounceStatusField() {
  return z.string({ error: BOUNCE_STATUS_TEXT }).regex(/^[45]\.\d{1,3}\.\d{1,3}$/, BOUNCE_STATUS_TEXT);
}

/** A domain, of which an internationalized one may have either spelling; becomes lower case. */
export function domainField() {
  return z
    .string({ error: DOMAIN_TEXT })
    .superRefine((text, context) => {
      if (!isDomain(text)) context.addIssue(faultIssue(text, 'a domain', domainFault(text), DOMAIN_TEXT));
    })
    .transform((text) => text.toLowerCase());
}

/** The rule that a name breaks as a sentence of its own; without one, what was expected instead. */
function faultIssue(text: string, what: string, fault: NameFault | undefined, expected: string) {
  if (!fault) return { code: 'custom' as const, message: expected };
  const message = `\`${shortened(text)}\` is not ${what}: ${fault.message}`;
  return { code: 'custom' as const, message, params: { sentence: true, hint: fault.hint } };
}
