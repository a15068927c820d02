// Reading an events file: the events that were written are returned, and a damaged file is refused with
// the line that shows it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BouncelabError } from '../../src/base/errors.js';
import { EventLog } from '../../src/events/log.js';
import { EVENT_FORMAT, parseEvents } from '../../src/events/ndjson.js';
import type { Fact, RunEvent } from '../../src/events/types.js';

const started: Fact = {
  type: 'run.started',
  format: 1,
  scenario: 's',
  seed: '1',
  policy: 'emma',
  wire: 'memory',
};
const ended: Fact = { type: 'run.ended', reason: 'idle' };
const command = (line: string): Fact => ({ type: 'smtp.command', session: 1, line });

function write(facts: { t: number; fact: Fact }[]): { text: string; events: RunEvent[] } {
  let t = 0;
  let text = '';
  const events: RunEvent[] = [];
  const log = new EventLog({
    now: () => t,
    readers: [(e) => events.push(e)],
    write: (block) => (text += block),
  });
  for (const entry of facts) {
    t = entry.t;
    log.emit({ ...entry.fact });
  }
  log.close();
  return { text, events };
}

const GOOD = write([
  { t: 0, fact: started },
  { t: 0, fact: command('EHLO a') },
  { t: 7, fact: command('QUIT') },
  { t: 7, fact: ended },
]).text;
const GOOD_LINES = GOOD.trimEnd().split('\n');

/** The good file with its lines changed. */
function edited(change: (lines: string[]) => void): string {
  const lines = [...GOOD_LINES];
  change(lines);
  return lines.map((line) => `${line}\n`).join('');
}

describe('parseEvents', () => {
  it('gives back what the log wrote', () => {
    const anyLine = fc.string({ unit: 'binary', maxLength: 60 });
    const facts = fc.array(fc.record({ gap: fc.nat(3000), line: anyLine }), { maxLength: 20 });
    fc.assert(
      fc.property(facts, (list) => {
        let t = 0;
        const middle = list.map(({ gap, line }) => ({ t: (t += gap), fact: command(line) }));
        const { text, events } = write([{ t: 0, fact: started }, ...middle, { t, fact: ended }]);
        expect(parseEvents(text, 'events.ndjson')).toEqual(JSON.parse(JSON.stringify(events)));
      }),
      { numRuns: 100 },
    );
  });

  it('reads the format of this version', () => {
    expect(EVENT_FORMAT).toBe(1);
    expect(parseEvents(GOOD, 'e').map(({ type }) => type)).toEqual([
      'run.started',
      'smtp.command',
      'smtp.command',
      'run.ended',
    ]);
  });

  it.each<[name: string, text: string, line: number, message: string]>([
    ['empty', '', 1, 'the file is empty'],
    ['cut off in its last line', GOOD.slice(0, -10), 4, 'the last line is cut off'],
    ['cut off before the last line end', GOOD.slice(0, -1), 4, 'the last line is cut off'],
    ['cut off after a line', edited((l) => l.pop()), 3, 'the run did not end: run.ended is missing'],
    ['without an event', edited((l) => l.splice(1, 1)), 2, 'event 1 was expected here, found 2'],
    ['with an event twice', edited((l) => l.splice(1, 0, l[1]!)), 3, 'event 2 was expected here, found 1'],
    [
      'with lines swapped',
      edited((l) => l.splice(1, 2, l[2]!, l[1]!)),
      2,
      'event 1 was expected here, found 2',
    ],
    ['with a line that is not JSON', edited((l) => (l[2] = 'hello')), 3, 'this line is not JSON'],
    ['with an empty line', edited((l) => l.splice(2, 0, '')), 3, 'this line is not JSON'],
    [
      'with JSON that is not an event',
      edited((l) => (l[1] = '{"seq":1,"t":0}')),
      2,
      'this line is not an event',
    ],
    [
      'with a reply that lost its lines',
      edited((l) => (l[1] = '{"seq":1,"t":0,"type":"smtp.reply","session":1,"stage":"rcpt","code":550}')),
      2,
      'this event is damaged: its `lines` is missing or not what it should be',
    ],
    ['with null for an event', edited((l) => (l[1] = 'null')), 2, 'this line is not an event'],
    ['with a list for an event', edited((l) => (l[1] = '[1]')), 2, 'this line is not an event'],
    [
      'without its beginning',
      '{"seq":0,"t":0,"type":"run.ended","reason":"idle"}\n',
      1,
      'it must begin with run.started',
    ],
    [
      'of another format',
      edited((l) => (l[0] = l[0]!.replace('"format":1', '"format":2'))),
      1,
      'it is of event format 2; this version reads format 1',
    ],
  ])('refuses a file that is %s', (_name, text, line, message) => {
    let error: unknown;
    try {
      parseEvents(text, 'out/events.ndjson');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BouncelabError);
    const refusal = error as BouncelabError;
    expect(refusal.code).toBe('E_EVENTS');
    expect(refusal.message).toBe(`out/events.ndjson:${line}: ${message}`);
    expect(refusal.location).toEqual({ file: 'out/events.ndjson', line, column: 1 });
    expect(refusal.hint).toContain('Run the scenario again');
  });
});
