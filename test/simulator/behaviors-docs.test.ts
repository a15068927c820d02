// docs/behaviors.md against the code: a behavior, a stage or a code that one of them has and the
// other has not fails.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import { CELLS } from './behavior-cells.js';

const TEXT = readFileSync(new URL('../../docs/behaviors.md', import.meta.url), 'utf8');

/** The rows of the table under a heading, by the text of their first cell. */
function table(heading: string): Map<string, Map<string, string>> {
  const lines = TEXT.slice(TEXT.indexOf(`## ${heading}`)).split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  const [head, , ...rows] = lines.slice(start, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(
    rows.map(([name, ...cells]) => [
      name!.replaceAll('`', ''),
      new Map(cells.flatMap((cell, i) => (cell === '' ? [] : [[head![i + 1]!, cell] as const]))),
    ]),
  );
}

describe('docs/behaviors.md', () => {
  const byStage = table('Behavior by stage');
  const oneByOne = table('One by one');

  it('has every behavior in both tables, and no other', () => {
    expect([...byStage.keys()].sort()).toEqual([...BEHAVIORS.keys()].sort());
    expect([...oneByOne.keys()].sort()).toEqual([...BEHAVIORS.keys()].sort());
  });

  it.each([...BEHAVIORS.keys()])('says of %s at each stage what the wire shows', (name) => {
    const shown = Object.entries(CELLS[name]!).map(([point, cells]) => [
      point === 'any' ? 'every stage' : point,
      [cells].flat()[0]!.doc,
    ]);
    expect(Object.fromEntries(byStage.get(name)!)).toEqual(Object.fromEntries(shown));
  });

  it.each([...BEHAVIORS.values()])(
    'says of $name where it acts by default',
    ({ name, points, defaultPoint }) => {
      const said = oneByOne.get(name)!.get('default stage')!;
      const [domain, mailbox] = [defaultPoint('domain'), defaultPoint('mailbox')];
      if (name === 'catalogue') expect(said).toBe('where its provider says it');
      else if (domain === 'any') expect(said).toMatch(/^(every stage|where )/);
      else if (domain === undefined) expect(said).toBe(`must be given, for a mailbox \`${mailbox}\``);
      else if (domain === mailbox) expect(said).toBe(`\`${domain}\``);
      else expect(said).toBe(`\`${domain}\`, for a mailbox \`${mailbox}\``);
      expect(points.length).toBeGreaterThan(0);
    },
  );

  it.each([...BEHAVIORS.values()])('names every parameter of $name', ({ name, parameters }) => {
    const row = oneByOne.get(name)!.get('parameters') ?? '';
    for (const parameter of Object.keys(parameters.shape)) expect(row, name).toContain(`\`${parameter}\``);
    if (!('stage' in parameters.shape)) expect(row).not.toContain('`stage`');
  });
});
