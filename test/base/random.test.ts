// Draws by name: their shares, and that no draw depends on the others.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom, seedFromText } from '../../src/base/random.js';

const DRAWS = 100_000;

/** Fraction of the draws below `share`, for recipients named as audiences are. */
function observed(seed: string, purpose: string, share: number): number {
  const random = seededRandom(seed);
  let hits = 0;
  for (let i = 0; i < DRAWS; i++) {
    if (random.fraction(purpose, 'mx.yahoo.com', 'domain 0 greylist', `reader${i}@yahoo.com`) < share) hits++;
  }
  return hits / DRAWS;
}

describe('shares', () => {
  it.each([0.01, 0.1, 0.5])('over 100,000 recipients come within 4 standard errors of %d', (share) => {
    const standardError = Math.sqrt((share * (1 - share)) / DRAWS);
    for (const seed of ['42', '43', 'another']) {
      const off = Math.abs(observed(seed, 'share', share) - share) / standardError;
      expect(off, `seed ${seed}`).toBeLessThan(4);
    }
  });

  it('are spread evenly, and draws for one recipient by attempt as well', () => {
    const random = seededRandom('7');
    const buckets = new Array<number>(20).fill(0);
    const n = 20_000;
    for (let attempt = 1; attempt <= n; attempt++) {
      const draw = random.fraction('chance', 'mx.yahoo.com', 'domain 0 busy', 'bob@yahoo.com', attempt);
      expect(draw >= 0 && draw < 1).toBe(true);
      buckets[Math.floor(draw * 20)]!++;
    }
    const chiSquare = buckets.reduce((sum, count) => sum + (count - n / 20) ** 2 / (n / 20), 0);
    // 19 degrees of freedom: 43.8 is passed once in a thousand.
    expect(chiSquare).toBeLessThan(43.8);
  });

  it('of two behaviors do not fall on the same recipients', () => {
    const random = seededRandom('42');
    const n = 20_000;
    let both = 0;
    for (let i = 0; i < n; i++) {
      const draw = (label: string): number => random.fraction('share', 'mx.a.test', label, `r${i}@a.test`);
      if (draw('domain 0 busy') < 0.5 && draw('domain 1 busy') < 0.5) both++;
    }
    expect(Math.abs(both / n - 0.25) / Math.sqrt((0.25 * 0.75) / n)).toBeLessThan(4);
  });
});

describe('independence', () => {
  const names = fc.uniqueArray(fc.emailAddress(), { minLength: 2, maxLength: 20 });

  it('of the order: the same name draws the same number, whatever was drawn before', () => {
    fc.assert(
      fc.property(names, (list) => {
        const draw = (order: string[]): Map<string, number> => {
          const random = seededRandom('42');
          return new Map(order.map((name) => [name, random.fraction('share', name)]));
        };
        const forward = draw(list);
        const backward = draw([...list].reverse());
        for (const name of list) expect(backward.get(name)).toBe(forward.get(name));
      }),
    );
  });

  it('of the others: adding a name, or drawing one again, changes nothing for the rest', () => {
    fc.assert(
      fc.property(names, ([added, ...list]) => {
        const alone = seededRandom('42');
        const crowded = seededRandom('42');
        for (const name of list) {
          crowded.fraction('share', added!);
          expect(crowded.fraction('share', name)).toBe(alone.fraction('share', name));
          expect(crowded.fraction('share', name)).toBe(alone.fraction('share', name));
        }
      }),
    );
  });

  it('of seed, purpose and place: another one draws another number', () => {
    const draws = [
      seededRandom('1').fraction('share', 'a', 'b'),
      seededRandom('2').fraction('share', 'a', 'b'),
      seededRandom('1').fraction('chance', 'a', 'b'),
      seededRandom('1').fraction('share', 'b', 'a'),
      seededRandom('1').fraction('share', 'ab'),
      seededRandom('1').fraction('share', 'a', 'b', 1),
      seededRandom('1').fraction('share', 'a', 'b', 11),
      seededRandom('1').fraction('share', 'a', 'b1'),
    ];
    expect(new Set(draws).size).toBe(draws.length);
  });

  it('of the version: the same seed draws the same numbers in every version', () => {
    expect(seededRandom('42').fraction('share', 'mx.yahoo.com', 'domain 0 greylist', 'bob@yahoo.com')).toBe(
      0.06705205305479467,
    );
  });
});

describe('seedFromText', () => {
  it('is a whole number of 32 bits, the same for the same text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const seed = seedFromText(text);
        expect(seed).toMatch(/^\d{1,10}$/);
        expect(Number(seed)).toBeLessThan(2 ** 32);
        expect(seedFromText(text)).toBe(seed);
      }),
    );
    expect(new Set(Array.from({ length: 1000 }, (_, i) => seedFromText(`scenarios/${i}.yaml`))).size).toBe(
      1000,
    );
  });
});
