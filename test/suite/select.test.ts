// --grep: a regular expression of RE2 or plain text, over name, file and tags.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { selectScenarios } from '../../src/suite/select.js';
import { scenarioText } from '../cli/harness.js';

/** Names of the scenarios that are selected. */
function selected(grep: string, ...names: string[]): string[] {
  const cwd = mkdtempSync(join(tmpdir(), 'bouncelab-select-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  names.forEach((name, i) => writeFileSync(join(cwd, `${i}.yaml`), scenarioText(`"${name}"`)));
  return selectScenarios({ inputs: ['.'], cwd, grep }).map(({ plan }) => plan?.name ?? '');
}

it.each([
  ['^greyl.st', ['Greylist'], ['a greylist']],
  ['GREY', ['a grey one'], ['a white one']],
  ['(grey', ['a (grey one'], ['grey']],
  ['É', ['café'], ['cafe']],
])('%s', (grep, yes, no) => {
  expect(selected(grep, ...yes, ...no)).toEqual(yes);
});

it('searches in linear time', () => {
  expect(selected('(a+)+$', 'yes aaa', `${'a'.repeat(90)}!`)).toEqual(['yes aaa']);
});
