// The event log: numbering, jumps of the clock, the text it writes and its fingerprint.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/events/log.js';
import type { Fact, RunEvent } from '../../src/events/types.js';

/** Facts with the virtual times at which they are logged. */
type Told = { t: number; fact: Fact }[];

const command = (line: string): Fact => ({ type: 'smtp.command', session: 1, line });

function log(told: Told): {
  text: string;
  blocks: string[];
  events: RunEvent[];
  fingerprint: string;
  length: number;
} {
  let t = 0;
  const blocks: string[] = [];
  const events: RunEvent[] = [];
  const eventLog = new EventLog({
    now: () => t,
    readers: [(event) => events.push(event)],
    write: (block) => blocks.push(block),
  });
  for (const entry of told) {
    t = entry.t;
    eventLog.emit(entry.fact);
  }
  const fingerprint = eventLog.close();
  return { text: blocks.join(''), blocks, events, fingerprint, length: eventLog.length };
}

const linesOf = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('EventLog', () => {
  it('numbers and times every fact; seq and t come first in its line', () => {
    const { text, events, length } = log([
      { t: 0, fact: command('EHLO a') },
      { t: 5, fact: command('QUIT') },
    ]);
    expect(text).toBe(
      '{"seq":0,"t":0,"type":"smtp.command","session":1,"line":"EHLO a"}\n' +
        '{"seq":1,"t":5,"type":"smtp.command","session":1,"line":"QUIT"}\n',
    );
    expect(events).toEqual(linesOf(text));
    expect(length).toBe(2);
  });

  it('calls every reader with one event after the other, in order', () => {
    const seen: string[] = [];
    const eventLog = new EventLog({
      now: () => 0,
      readers: [(e) => seen.push(`a${e.seq}`), (e) => seen.push(`b${e.seq}`)],
    });
    const { emit } = eventLog;
    emit(command('A'));
    emit(command('B'));
    expect(seen).toEqual(['a0', 'b0', 'a1', 'b1']);
  });

  it('logs a jump of the clock before the first event after a second or more, and only then', () => {
    const { events } = log([
      { t: 0, fact: command('A') },
      { t: 999, fact: command('B') },
      { t: 1999, fact: command('C') },
      { t: 1999, fact: command('D') },
      { t: 3_601_999, fact: command('E') },
    ]);
    expect(events.map((e) => [e.seq, e.t, e.type === 'clock.jumped' ? `from ${e.from}` : e.type])).toEqual([
      [0, 0, 'smtp.command'],
      [1, 999, 'smtp.command'],
      [2, 1999, 'from 999'],
      [3, 1999, 'smtp.command'],
      [4, 1999, 'smtp.command'],
      [5, 3_601_999, 'from 1999'],
      [6, 3_601_999, 'smtp.command'],
    ]);
  });

  it('has as fingerprint the SHA-256 of the text that it wrote', () => {
    const { text, fingerprint } = log([
      { t: 0, fact: command('grüße \u{1F4EC} \ud800') },
      { t: 5000, fact: command('B') },
    ]);
    expect(fingerprint).toBe(createHash('sha256').update(text).digest('hex'));
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has the same fingerprint with and without readers and a writer', () => {
    const silent = new EventLog({ now: () => 0 });
    silent.emit(command('A'));
    const fingerprint = silent.close();
    expect(fingerprint).toBe(log([{ t: 0, fact: command('A') }]).fingerprint);
    expect(silent.close()).toBe(fingerprint);
  });

  it('has an equal fingerprint for equal facts, another one for one character or one ms changed', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
    const told = fc.array(fc.record({ t: fc.nat(5000), fact: text.map(command) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(told, fc.nat(), (entries, pick) => {
        const copy = (): Told => structuredClone(entries).sort((a, b) => a.t - b.t);
        const { fingerprint } = log(copy());
        expect(log(copy()).fingerprint).toBe(fingerprint);
        const index = pick % entries.length;
        const changed = copy();
        const fact = changed[index]!.fact as { line: string };
        fact.line = (fact.line.startsWith('x') ? 'y' : 'x') + fact.line.slice(1);
        expect(log(changed).fingerprint).not.toBe(fingerprint);
        const later = copy();
        later.at(-1)!.t++;
        expect(log(later).fingerprint).not.toBe(fingerprint);
      }),
      { numRuns: 100 },
    );
  });

  it('writes in blocks of whole lines', () => {
    const told = Array.from({ length: 3000 }, (_, i) => ({
      t: i,
      fact: command(`line ${i} ${'x'.repeat(100)}`),
    }));
    const { blocks, text } = log(told);
    expect(blocks.length).toBeGreaterThan(3);
    expect(blocks.length).toBeLessThan(20);
    for (const block of blocks) {
      expect(block.endsWith('\n')).toBe(true);
      expect(block.startsWith('{"seq":')).toBe(true);
    }
    expect(linesOf(text)).toHaveLength(3000);
  });

  it('writes the last block when it is closed, once', () => {
    const blocks: string[] = [];
    const eventLog = new EventLog({ now: () => 0, write: (block) => blocks.push(block) });
    eventLog.emit(command('A'));
    expect(blocks).toEqual([]);
    eventLog.close();
    eventLog.close();
    expect(blocks).toHaveLength(1);
  });

  it('logs a fact that is emitted twice as two events, and does not change the fact', () => {
    const fact = Object.freeze(command('NOOP'));
    const { events, text } = log([
      { t: 1, fact },
      { t: 2, fact },
    ]);
    expect(events.map(({ seq, t }) => [seq, t])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(linesOf(text)).toEqual(events);
    expect(text.split('\n')[1]).toBe('{"seq":1,"t":2,"type":"smtp.command","session":1,"line":"NOOP"}');
  });
});
