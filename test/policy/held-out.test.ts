// Providers of the catalogue held out: what the rules reach on a provider when everything that only its own
// replies made necessary is taken out of them. The table is test/fixtures/replies/held-out.txt.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { heldOutScores } from '../support/held-out.js';

const scores = heldOutScores();
const sum = (key: 'replies' | 'agree' | 'userUnknownOrNot'): number =>
  scores.reduce((total, score) => total + score[key], 0);
const percent = (part: number, of: number): string => `${((100 * part) / of).toFixed(1)} %`;

test('rules written without a provider read its replies; the table has the figures of each', async () => {
  const row = (name: string, replies: number, agree: number, unknown: number): string =>
    `${name.padEnd(20)} ${String(replies).padStart(4)} ${percent(agree, replies).padStart(8)} ${percent(unknown, replies).padStart(8)}`;
  const lines = [
    'provider          replies    cause  user-unknown or not',
    ...scores.map((one) => row(one.provider, one.replies, one.agree, one.userUnknownOrNot)),
    row('all', sum('replies'), sum('agree'), sum('userUnknownOrNot')),
  ];
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../fixtures/replies/held-out.txt');
});

test('docs/classification.md has these figures', () => {
  const page = readFileSync('docs/classification.md', 'utf8').replace(/\s+/g, ' ');
  expect(page).toContain(`${percent(sum('agree'), sum('replies'))} of the causes`);
  expect(page).toContain(`${percent(sum('userUnknownOrNot'), sum('replies'))} of the replies`);
});
