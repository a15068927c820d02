// The job that the benchmarks measure: it makes the attempts that it says, so that a figure is about them. The bare
// loop and the measuring are not run here.

import { expect, it } from 'vitest';

interface Engine {
  mailing: (options: { contacts: number; refuse?: boolean; wire?: string }) => object;
  engine: (plan: object, expected: number) => Promise<number>;
}

const { mailing, engine } = (await import(new URL('../bench/engine.mjs', import.meta.url).href)) as Engine;

it.each([
  ['refused', { contacts: 10 }, 40],
  ['refused over TCP', { contacts: 10, wire: 'tcp' }, 40],
  ['accepted', { contacts: 10, refuse: false }, 10],
])('the benchmark makes the attempts that are %s', async (_, options, attempts) => {
  await expect(engine(mailing(options), attempts)).resolves.toBeTypeOf('number');
});

it('the benchmark does not measure another number of attempts', async () => {
  await expect(engine(mailing({ contacts: 10 }), 41)).rejects.toThrow(
    '40 attempts were made, 41 were expected',
  );
});
