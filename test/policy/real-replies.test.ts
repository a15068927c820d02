// The cause of replies of real bounce messages that are not in the catalogue. A list was read by rules that
// had not seen it (`blind`) before it was used to improve them; docs/classification.md has the figures.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Cause, Stage } from '../../src/events/types.js';
import { causeOf } from '../../src/policy/classify.js';
import { parseReply } from '../../src/sender/smtp/reply.js';

interface RealReply {
  reply: string;
  stage: Stage;
  /** The causes that a reader accepts, the best first. */
  cause: Cause[];
  source: string;
}

interface List {
  name: string;
  /** Agreement in % before the rules were improved by it. */
  blind?: { cause: number; userUnknownOrNot: number };
  replies: RealReply[];
}

const { lists } = parse(readFileSync('test/fixtures/replies/real.yaml', 'utf8')) as { lists: List[] };

/** Share of replies that must be read as a reader does, and of those that are user-unknown or are not. */
const CAUSE_MIN = 0.97;
const USER_UNKNOWN_MIN = 0.985;

describe.each(lists)('the list $name', ({ name, blind, replies }) => {
  const read = replies.map(({ reply, stage, cause }) => {
    const found = causeOf(parseReply(reply)!, stage);
    const agrees = cause.includes(found);
    const unknown = agrees || cause.includes('user-unknown') === (found === 'user-unknown');
    return { reply, found, agrees, unknown };
  });
  const share = (what: 'agrees' | 'unknown'): number =>
    read.filter((one) => one[what]).length / replies.length;

  test('is read as a reader does', () => {
    const wrong = read.filter(({ agrees }) => !agrees);
    expect(share('agrees'), JSON.stringify(wrong, null, 1)).toBeGreaterThanOrEqual(CAUSE_MIN);
    expect(share('unknown')).toBeGreaterThanOrEqual(USER_UNKNOWN_MIN);
  });

  test('names its sources, and its figures are in docs/classification.md', () => {
    for (const { source } of replies) expect(source).toMatch(/\w{3}/);
    if (!blind) return;
    const page = readFileSync('docs/classification.md', 'utf8').replace(/ +/g, ' ');
    const row = `| ${name} | ${replies.length} | ${blind.cause.toFixed(1)} % | ${blind.userUnknownOrNot.toFixed(1)} % |`;
    expect(page).toContain(row);
  });
});
