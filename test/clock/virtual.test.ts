// The virtual clock: the order in which timers run, and when time moves.

import { readFile } from 'node:fs/promises';
import { scheduler } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual.js';

const HORIZON = { horizonMs: 365 * 24 * 3_600_000 };
const DAY = 24 * 3_600_000;
const nativeSetImmediate = globalThis.setImmediate;

let clock: VirtualClock;
let seen: string[];

/** Records a name and its virtual time. */
function note(what: string): () => void {
  return () => {
    seen.push(`${clock.now()} ${what}`);
  };
}

beforeEach(() => {
  seen = [];
  clock = VirtualClock.install();
});

afterEach(() => {
  clock.uninstall();
});

describe('order', () => {
  it('runs timers by time, those of one time in the order of the calls', async () => {
    clock.at(20, note('c'));
    clock.at(10, note('a'));
    clock.at(20, note('d'));
    clock.after(10, note('b'));
    expect(await clock.run(HORIZON)).toBe('idle');
    expect(seen).toEqual(['10 a', '10 b', '20 c', '20 d']);
  });

  it('runs library timers and its own at their times', async () => {
    setTimeout(note('library 30'), 30);
    clock.at(20, note('own 20'));
    setTimeout(note('library 10'), 10);
    clock.at(40, note('own 40'));
    const interval = setInterval(note('interval'), 15);
    setTimeout(() => clearInterval(interval), 32);
    await clock.run(HORIZON);
    expect(seen.filter((line) => line.includes('interval'))).toEqual(['15 interval', '30 interval']);
    expect(seen.filter((line) => !line.includes('interval'))).toEqual([
      '10 library 10',
      '20 own 20',
      '30 library 30',
      '40 own 40',
    ]);
  });

  it('runs both kinds when they are due at the same time', async () => {
    setTimeout(note('library'), 50);
    clock.at(50, note('own'));
    setTimeout(note('library too'), 50);
    await clock.run(HORIZON);
    expect([...seen].sort()).toEqual(['50 library', '50 library too', '50 own']);
  });

  it('runs nested timers of delay 0 at the same time, after the present callback', async () => {
    clock.at(10, () => {
      clock.after(0, note('nested'));
      void Promise.resolve().then(note('promise'));
      process.nextTick(note('tick'));
      note('outer')();
    });
    clock.at(10, note('other'));
    clock.at(11, note('later'));
    await clock.run(HORIZON);
    expect(seen).toEqual(['10 outer', '10 other', '10 tick', '10 promise', '10 nested', '11 later']);
  });

  it('never runs a timer within the call that adds it, and runs one for a time that has passed now', async () => {
    clock.at(10, () => {
      clock.at(3, note('past'));
      note('asked')();
    });
    await clock.run(HORIZON);
    expect(seen).toEqual(['10 asked', '10 past']);
  });

  it('drains promises and immediates before time moves', async () => {
    clock.at(10, () => {
      void (async () => {
        for (let i = 0; i < 50; i++) await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => process.nextTick(resolve));
        for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
        note('chain')();
      })();
    });
    clock.at(11, note('next'));
    setTimeout(note('library'), 11);
    await clock.run(HORIZON);
    expect(seen[0]).toBe('10 chain');
    expect(seen.slice(1).sort()).toEqual(['11 library', '11 next']);
  });

  it('rounds a fraction of a millisecond up', async () => {
    clock.after(0.25, note('fraction'));
    clock.after(1.5, note('more'));
    expect(await clock.run(HORIZON)).toBe('idle');
    expect(seen).toEqual(['1 fraction', '2 more']);
  });

  it('reaches times beyond the 2^31 ms of a Node timer in a few steps', async () => {
    clock.at(40 * DAY, note('forty days'));
    clock.at(100 * DAY, note('hundred days'));
    expect(await clock.run({ ...HORIZON, wallLimitMs: 5000 })).toBe('idle');
    expect(seen).toEqual([`${40 * DAY} forty days`, `${100 * DAY} hundred days`]);
  });
});

describe('what the thread sees', () => {
  it('gives the same time everywhere, from a fixed date on', async () => {
    expect(clock.now()).toBe(0);
    expect(clock.date().toISOString()).toBe('2026-01-01T00:00:00.000Z');
    const before = performance.now();
    const tick = process.hrtime.bigint();
    clock.at(90_000, () => {
      expect(Date.now()).toBe(Date.UTC(2026, 0, 1, 0, 1, 30));
      expect(new Date().toISOString()).toBe('2026-01-01T00:01:30.000Z');
      expect(clock.date().getTime()).toBe(Date.now());
      expect(performance.now() - before).toBe(90_000);
      expect(process.hrtime.bigint() - tick).toBe(90_000_000_000n);
      note('looked')();
    });
    await clock.run(HORIZON);
    expect(seen).toEqual(['90000 looked']);
  });

  it('replaces the timers of `scheduler` and `AbortSignal` too', async () => {
    void scheduler.wait(DAY).then(note('waited'));
    AbortSignal.timeout(2 * DAY).addEventListener('abort', note('aborted'));
    await clock.run(HORIZON);
    expect(seen).toEqual([`${DAY} waited`, `${2 * DAY} aborted`]);
    expect(AbortSignal.timeout(0).aborted).toBe(false);
  });

  it('refuses to be installed twice in one thread', () => {
    expect(() => VirtualClock.install()).toThrow(/already installed/);
  });
});

describe('holds', () => {
  it('keep time still while a file is really read', async () => {
    clock.at(5, () => {
      const release = clock.hold('the file');
      void readFile(new URL(import.meta.url)).then((bytes) => {
        note(`read ${bytes.length > 1000}`)();
        release();
      });
    });
    clock.at(6, note('next'));
    setTimeout(note('library'), 7);
    await clock.run(HORIZON);
    expect(seen).toEqual(['5 read true', '6 next', '7 library']);
  });

  it('last until the last of them is released; releasing twice is harmless', async () => {
    const first = clock.hold('first');
    const second = clock.hold('second');
    clock.at(1, note('moved'));
    setImmediate(() => {
      first();
      first();
      setImmediate(() => {
        expect(seen).toEqual([]);
        second();
      });
    });
    await clock.run(HORIZON);
    expect(seen).toEqual(['1 moved']);
  });

  it('are not counted as an endless loop: only the limit of real time ends them', async () => {
    const release = clock.hold('slow work');
    clock.at(1, note('moved'));
    const run = clock.run({ ...HORIZON, wallLimitMs: 50_000 });
    // The clock turns as often as this does, which is more often than a loop of immediates may.
    for (let turn = 0; turn < 1_100_000; turn++) await new Promise((resolve) => nativeSetImmediate(resolve));
    expect(seen).toEqual([]);
    release();
    expect(await run).toBe('idle');
    expect(seen).toEqual(['1 moved']);
  });
});

describe('cancel', () => {
  it('keeps a timer from running, also one of the same time, and has no effect afterwards', async () => {
    const gone = clock.at(10, note('gone'));
    gone.cancel();
    gone.cancel();
    const sibling: { cancel(): void }[] = [];
    const first = clock.at(20, () => {
      note('first')();
      sibling[0]!.cancel();
    });
    sibling.push(clock.at(20, note('sibling')));
    await clock.run(HORIZON);
    first.cancel();
    expect(seen).toEqual(['20 first']);
    expect(clock.pending()).toBe(0);
  });

  it('does not let time move to a timer that was cancelled', async () => {
    clock.at(10, note('kept'));
    clock.at(5000, note('gone')).cancel();
    await clock.run(HORIZON);
    expect(clock.now()).toBe(10);
  });

  it('is counted: `pending` gives the number of timers left, of both kinds', () => {
    clock.at(10, note('a'));
    clock.at(20, note('b')).cancel();
    const c = clock.at(30, note('c'));
    const library = setTimeout(note('d'), 40);
    expect(clock.pending()).toBe(3);
    c.cancel();
    c.cancel();
    expect(clock.pending()).toBe(2);
    clearTimeout(library);
    expect(clock.pending()).toBe(1);
  });
});

describe('immediates', () => {
  it('are counted once however often they are cleared', async () => {
    const handle = setImmediate(note('gone'));
    clearImmediate(handle);
    clearImmediate(handle);
    const done = setImmediate(note('ran'));
    clock.at(1, () => {
      clearImmediate(done);
      note('moved')();
    });
    clock.at(2, () => {
      setImmediate(note('at 2'));
    });
    clock.at(3, note('at 3'));
    await clock.run(HORIZON);
    expect(seen).toEqual(['0 ran', '1 moved', '2 at 2', '3 at 3']);
  });

  it('pass their arguments on, and clearing nothing is harmless', async () => {
    clearImmediate(undefined);
    setImmediate((a: string, b: number) => note(`${a}${b}`)(), 'x', 1);
    await clock.run(HORIZON);
    expect(seen).toEqual(['0 x1']);
  });

  it('keep time still also as promises', async () => {
    const immediate = promisify(setImmediate);
    clock.at(10, () => {
      void (async () => {
        for (let i = 0; i < 10; i++) expect(await immediate(i)).toBe(i);
        note('all')();
      })();
    });
    clock.at(11, note('next'));
    await clock.run(HORIZON);
    expect(seen).toEqual(['10 all', '11 next']);
  });
});
