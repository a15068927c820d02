// Replies between their parts and their lines, and the one reading of enhanced status codes (RFC 3463).
// The fleet, the sender, cause rules, overrides and reports all use it.

import type { Evidence } from './causes.js';
import type { Reply } from './words.js';

/** The form of RFC 2034: the first word of a line. */
const FIRST_WORD = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/;
/** At the beginning of a line also as `#5.7.1` (IronPort), `(#5.7.1)` (qmail) and `5.7.1:`. */
const AT_BEGINNING = /^[#([<]{0,2}([245]\.\d{1,3}\.\d{1,3})(?=[\s),;:\]>]|\.?$|\.\s)/;
const WITHIN = /[\s(#[<]([245]\.\d{1,3}\.\d{1,3})(?=[\s),;:\]>]|\.?$|\.\s)/g;

/** Characters of a line that are searched for an enhanced code. */
const SEARCHED_MAX = 2000;

/**
 * Takes the enhanced code out of the lines, provided that each line begins with it: otherwise the lines
 * stay as they were said. A code of another class than the reply code is not one (RFC 2034, 4).
 */
export function splitEnhanced(code: number, lines: string[]): Reply {
  const enhanced = FIRST_WORD.exec(lines[0] ?? '')?.[1];
  if (enhanced === undefined || !isOfClass(enhanced, code)) return { code, lines };
  // Nearly every reply has one line: it was read already.
  const isOnAll = lines.every((line, index) => index === 0 || FIRST_WORD.exec(line)?.[1] === enhanced);
  if (!isOnAll) return { code, lines };
  return { code, enhanced, lines: lines.map((line) => line.slice(enhanced.length + 1)) };
}

/**
 * The enhanced code of a reply, wherever it is written: on each line, at the beginning of a line (of
 * several such lines the last one counts, which ends the reply), or else the first one within the text.
 *
 * @returns undefined when there is none of the class of the reply code
 */
export function enhancedOf({ code, enhanced, lines }: Reply): string | undefined {
  if (enhanced !== undefined) return enhanced;
  const searched = lines.slice(0, SEARCHED_MAX).map((line) => line.slice(0, SEARCHED_MAX));
  for (const line of searched.toReversed()) {
    const found = AT_BEGINNING.exec(line)?.[1];
    if (found !== undefined && isOfClass(found, code)) return found;
  }
  for (const line of searched) {
    for (const [, found = ''] of line.matchAll(WITHIN)) if (isOfClass(found, code)) return found;
  }
  return undefined;
}

/** What of a reply shows with whom its cause lies. @returns undefined without a reply */
export function evidenceOf(reply: Reply | undefined): Evidence | undefined {
  return reply && { code: reply.code, enhanced: enhancedOf(reply) };
}

/** The lines of a reply as they are said: `550-5.7.1 Not now`, `550 5.7.1 See our page`. */
export function saidLines({ code, codes, enhanced, lines }: Reply): string[] {
  const prefix = enhanced === undefined ? '' : `${enhanced} `;
  const last = lines.length - 1;
  return lines.map((line, index) => `${codes?.[index] ?? code}${index < last ? '-' : ' '}${prefix}${line}`);
}

function isOfClass(enhanced: string, code: number): boolean {
  return enhanced[0] === String(code)[0];
}
