// How a run of the virtual clock ends: idle, done, at its horizon, with an error, or by the watchdog.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual.js';
import { BouncelabError } from '../../src/base/errors.js';

const HORIZON = { horizonMs: 365 * 24 * 3_600_000 };

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

describe('the end of a run', () => {
  it('is idle when nothing is left, at the time of the last timer', async () => {
    expect(await clock.run(HORIZON)).toBe('idle');
    clock.at(77, note('last'));
    expect(await clock.run(HORIZON)).toBe('idle');
    expect(clock.now()).toBe(77);
  });

  it('is done when `done` returns true, before time moves on', async () => {
    clock.at(10, note('a'));
    clock.at(10, note('b'));
    clock.at(20, note('c'));
    expect(await clock.run({ ...HORIZON, done: () => seen.length >= 2 })).toBe('done');
    expect(seen).toEqual(['10 a', '10 b']);
    expect(clock.now()).toBe(10);
    expect(await clock.run(HORIZON)).toBe('idle');
    expect(seen.at(-1)).toBe('20 c');
  });

  it('is the horizon when timers are left beyond it; a timer at the horizon runs', async () => {
    clock.at(1000, note('at'));
    clock.at(1001, note('beyond'));
    expect(await clock.run({ horizonMs: 1000 })).toBe('horizon');
    expect(seen).toEqual(['1000 at']);
    expect(clock.pending()).toBe(1);
  });

  it('runs library timers before the horizon when its own next timer is beyond it', async () => {
    clock.at(5000, note('beyond'));
    setTimeout(note('library'), 500);
    expect(await clock.run({ horizonMs: 1000 })).toBe('horizon');
    expect(seen).toEqual(['500 library']);
  });

  it('does not run a library timer beyond the horizon', async () => {
    setTimeout(note('beyond'), 5000);
    expect(await clock.run({ horizonMs: 1000 })).toBe('horizon');
    expect(seen).toEqual([]);
    expect(clock.now()).toBeLessThan(5000);
  });

  it.each([
    ['its own timer', (fn: () => void) => void clock.at(10, fn)],
    ['a library timer', (fn: () => void) => void setTimeout(fn, 10)],
  ])('rejects with what %s throws', async (_kind, schedule) => {
    schedule(() => {
      throw new TypeError('boom');
    });
    clock.at(20, note('later'));
    await expect(clock.run(HORIZON)).rejects.toThrow(new TypeError('boom'));
    expect(seen).toEqual([]);
  });
});

describe('watchdog', () => {
  async function failure(run: Promise<unknown>): Promise<BouncelabError> {
    const error: unknown = await run.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BouncelabError);
    return error as BouncelabError;
  }

  it.each([
    ['immediates', (again: () => void) => void setImmediate(again)],
    ['timers of delay 0', (again: () => void) => void clock.after(0, again)],
  ])('ends a loop of %s at one virtual time', async (_kind, schedule) => {
    let on = true;
    const again = (): void => {
      if (on) schedule(again);
    };
    clock.at(90_000, again);
    const error = await failure(clock.run(HORIZON));
    on = false;
    expect(error.code).toBe('E_WATCHDOG');
    expect(error.message).toContain('virtual time did not move from 1m30s');
    expect(clock.now()).toBe(90_000);
  });

  it('ends a run that uses too much real time, and says what it waits for', async () => {
    clock.at(5000, () => void clock.hold('the signature'));
    const error = await failure(clock.run({ ...HORIZON, wallLimitMs: 50 }));
    expect(error.code).toBe('E_WATCHDOG');
    expect(error.message).toContain('more than 50ms of real time, at 5s of virtual time');
    expect(error.hint).toBe('It waits for: the signature.');
  });

  it('ends a run in which time moves for ever', async () => {
    const again = (): void => void clock.after(1, again);
    again();
    const error = await failure(clock.run({ horizonMs: Infinity, wallLimitMs: 50 }));
    expect(error.message).toContain('of real time');
    expect(error.hint).toBe('Raise the limit of real time, or make the audience smaller.');
  });
});
