// docs/behaviors.md against the code: a behavior, a stage, a reply or a parameter that one of them has
// and the other does not have fails.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import { CELLS } from './behavior-cells.js';

const TEXT = readFileSync(new URL('../../docs/behaviors.md', import.meta.url), 'utf8');
const [, SECTIONS = ''] = /^## Each behavior\n(.*?)^## /ms.exec(TEXT) ?? [];

/** Text of the section of each behavior, by the name in its heading. */
const sections = new Map(
  SECTIONS.split(/^### /m)
    .slice(1)
    .map((section) => [/^`(.+)`\n/.exec(section)?.[1] ?? section, section]),
);

/** What the list of a section has behind a label, up to the next item. */
function item(name: string, label: string): string {
  const found = new RegExp(`^- ${label}:(.*(?:\n  .*)*)`, 'm').exec(sections.get(name)!);
  return (found?.[1] ?? '').trim();
}

/** Words in backticks. */
const quoted = (text: string): string[] => Array.from(text.matchAll(/`([^`]+)`/g), ([, word]) => word!);

/** What a client reads, by stage. */
function replies(name: string): Record<string, string> {
  const lines = item(name, 'Replies')
    .split(/^\s*- /m)
    .slice(1);
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [stages = '', reply = ''] = line.trim().split(/: (.*)/s);
      return stages.split(', ').map((stage) => [stage.replaceAll('`', ''), reply]);
    }),
  );
}

const PARAMETERS = new Set(
  [...BEHAVIORS.values()].flatMap(({ parameters }) => Object.keys(parameters.shape)),
);

describe('docs/behaviors.md', () => {
  it('has a section for every behavior, and no other', () => {
    expect([...sections.keys()].sort()).toEqual([...BEHAVIORS.keys()].sort());
    expect(TEXT.split('\n').filter((line) => line.startsWith('### '))).toHaveLength(BEHAVIORS.size);
  });

  it.each([...BEHAVIORS.keys()])('has the reply of %s at each stage that the wire shows', (name) => {
    const shown = Object.entries(CELLS[name]!).map(([point, cells]) => [
      point === 'any' ? 'every stage' : point,
      [cells].flat()[0]!.doc,
    ]);
    expect(replies(name)).toEqual(Object.fromEntries(shown));
  });

  it.each([...BEHAVIORS.values()])('has the default stage of $name', ({ name, points, defaultPoint }) => {
    const written = item(name, 'Default stage');
    const [domain, mailbox] = [defaultPoint('domain'), defaultPoint('mailbox')];
    if (name === 'catalogue') expect(written).toBe('where its provider sends it');
    else if (domain === 'any') expect(written).toMatch(/^(every stage|where )/);
    else if (domain === undefined) expect(written).toBe(`must be given; for a mailbox \`${mailbox}\``);
    else if (domain === mailbox) expect(written).toBe(`\`${domain}\``);
    else expect(written).toBe(`\`${domain}\`; for a mailbox \`${mailbox}\``);
    expect(points.length).toBeGreaterThan(0);
  });

  it.each([...BEHAVIORS.values()])('has the parameters of $name, and no other', ({ name, parameters }) => {
    const written = quoted(item(name, 'Parameters')).filter((word) => PARAMETERS.has(word));
    expect([...new Set(written)].sort()).toEqual(Object.keys(parameters.shape).sort());
  });
});
