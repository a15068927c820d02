// Every mistake that the loader reports, one at a time, with message, location and hint. The cases are in
// test/fixtures/load/errors-*.txt, where {behaviors} is replaced by the names of all behaviors.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BEHAVIOR_NAMES } from '../../src/scenarios/schema/behaviors.js';
import { problemsOf, scenario } from './load-scratch.js';

const FOLDER = new URL('../fixtures/load/', import.meta.url);

interface Case {
  written: string;
  expected: string[];
}

describe.each(readdirSync(FOLDER).filter((name) => name.startsWith('errors-')))('%s', (name) => {
  const { part, template, cases } = parse(readFileSync(new URL(name, FOLDER), 'utf8'));

  it.each(cases)('$written', ({ written, expected }) => {
    expect(expected).not.toEqual([]);
    expect(problemsOf(scenario({ [part]: template.replace('@', () => written) }))).toEqual(expected);
  });
});

function parse(text: string): { part: string; template: string; cases: Case[] } {
  const [head = '', ...blocks] = text.trimEnd().split('\n\n');
  const after = (prefix: string): string =>
    head
      .split('\n')
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length))
      .join('\n');
  const cases = blocks.map((block) => {
    const lines = block.split('\n');
    const written = lines.filter((line) => line.startsWith('>')).map((line) => line.slice(2));
    return {
      written: written.join('\n'),
      expected: lines.filter((line) => !line.startsWith('>')).map(withNames),
    };
  });
  return { part: after('# part: '), template: after('# template: '), cases };
}

/** Inserts the names of all behaviors, so that a new behavior changes no fixture. */
function withNames(line: string): string {
  return line.replace('{behaviors}', BEHAVIOR_NAMES.join(', '));
}
