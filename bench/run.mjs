// `npm run bench [-- [--rounds N] [--json] [--compare OLD.json] [KEY...]]`: speed as ratios of two measurements in one
// run, which are comparable between machines. Slow results do not fail the command. docs/performance.md explains
// each figure.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { measures } from './measures.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
    compare: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const { list, end } = measures();
const known = list.map(({ key }) => key);
const unknown = positionals.filter((key) => !known.includes(key));
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  const what =
    unknown.length > 0
      ? `unknown: ${unknown.join(', ')}; known: ${known.join(', ')}`
      : '--rounds is a number';
  console.error(what);
  process.exit(2);
}
const old = values.compare === undefined ? undefined : JSON.parse(readFileSync(values.compare, 'utf8'));
const wanted = positionals.length > 0 ? list.filter(({ key }) => positionals.includes(key)) : list;

const median = (of) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)];
const samples = new Map(wanted.map(({ key }) => [key, []]));
try {
  // The first round warms up and is left out.
  for (let round = 0; round <= rounds; round++) {
    for (const { key, once } of wanted) {
      const one = await once();
      if (round > 0) samples.get(key).push(one);
    }
  }
} finally {
  await end();
}

const figures = Object.fromEntries(
  wanted.map(({ key, higher, digits }) => {
    const all = samples.get(key);
    const round = (value) => Number(value.toFixed(digits));
    return [
      key,
      { median: round(median(all)), least: round(Math.min(...all)), most: round(Math.max(...all)), higher },
    ];
  }),
);
if (values.json) {
  console.log(
    JSON.stringify({ node: process.version, cores: availableParallelism(), rounds, figures }, null, 2),
  );
} else {
  const width = Math.max(...wanted.map(({ name }) => name.length));
  const row = (...cells) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(width) : cell.padStart(9))).join(' ');
  console.log(`medians of ${rounds} rounds, Node ${process.version}, ${availableParallelism()} cores\n`);
  console.log(row('', 'median', 'least', 'most', ...(old ? ['before', 'change'] : [])));
  for (const { key, name } of wanted) {
    const { median: now, least, most } = figures[key];
    console.log(
      row(name, ...[now, least, most].map((one) => one.toLocaleString('en-US')), ...changed(key, now)),
    );
  }
}

/** The figure of the old file and the change since then; better is `+`, whichever way is better for this figure. */
function changed(key, now) {
  if (!old) return [];
  const before = old.figures[key]?.median;
  if (before === undefined) return ['-', '-'];
  const percent = ((now - before) / Math.abs(before)) * 100 * (figures[key].higher ? 1 : -1);
  return [before.toLocaleString('en-US'), `${percent >= 0 ? '+' : ''}${percent.toFixed(0)} %`];
}
