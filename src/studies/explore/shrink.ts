// Makes a failing scenario smaller as long as it still fails: removes parts, then simplifies the rest. It does
// not know the format: a step whose document the loader refuses is not taken. Names are in shrink-names.ts.

import type { Data, ScenarioDocument } from './document.js';
import { nameSteps, type Step } from './shrink-names.js';

interface ShrinkOptions {
  /** Whether a document still fails in the same way. */
  fails: (document: ScenarioDocument) => Promise<boolean>;
  /** Most documents that are tried. */
  triesMax: number;
}

type Path = (string | number)[];

/**
 * A document from which no single step leads to a smaller one that fails, unless `triesMax` is reached first.
 *
 * @param document fails
 */
export async function shrink(
  document: ScenarioDocument,
  { fails, triesMax }: ShrinkOptions,
): Promise<ScenarioDocument> {
  let smallest = document;
  let tries = 0;
  for (let again = true; again;) {
    again = false;
    // Steps that were made for the document before the last change may no longer apply: then they do nothing.
    for (const step of steps(smallest)) {
      if (tries >= triesMax) return smallest;
      const candidate = step(smallest);
      if (candidate === undefined) continue;
      tries++;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      again = true;
    }
  }
  return smallest;
}

/** Large steps first: half of a list, then names wherever they are written, single parts, and simpler values. */
function* steps(document: ScenarioDocument): Generator<Step> {
  const places = [...placesOf(document, [])];
  for (const path of places) {
    const list = at(document, path);
    if (!Array.isArray(list) || list.length < 2) continue;
    const half = Math.ceil(list.length / 2);
    yield (from) => changed(from, path, (value) => (Array.isArray(value) ? value.slice(half) : undefined));
    yield (from) => changed(from, path, (value) => (Array.isArray(value) ? value.slice(0, half) : undefined));
  }
  yield* nameSteps(document);
  // From the back: a removal does not move the parts that are still to be tried.
  for (const path of [...places].reverse()) {
    if (path.length > 0) yield (from) => without(from, path);
  }
  for (const path of places) {
    for (const simpler of simplerThan(at(document, path))) {
      yield (from) => changed(from, path, () => simpler);
    }
  }
}

/** Every part of a document, outer before inner. */
function* placesOf(data: Data, path: Path): Generator<Path> {
  yield path;
  if (typeof data !== 'object' || data === null) return;
  const keys: (string | number)[] = Array.isArray(data) ? [...data.keys()] : Object.keys(data);
  for (const key of keys) yield* placesOf((data as Record<string | number, Data>)[key]!, [...path, key]);
}

function at(data: Data, path: Path): Data | undefined {
  return path.reduce<Data | undefined>(
    (part, key) =>
      typeof part === 'object' && part !== null ? (part as Record<string | number, Data>)[key] : undefined,
    data,
  );
}

function without(document: ScenarioDocument, path: Path): ScenarioDocument | undefined {
  const last = path.at(-1)!;
  return changed(document, path.slice(0, -1), (parent) => {
    if (typeof parent !== 'object' || parent === null || !(last in parent)) return undefined;
    if (Array.isArray(parent)) return parent.toSpliced(last as number, 1);
    const { [last]: _gone, ...rest } = parent as Record<string, Data>;
    return rest;
  });
}

/** A copy with one part changed; undefined when there is no such part or nothing changes. */
function changed(
  document: ScenarioDocument,
  path: Path,
  change: (value: Data) => Data | undefined,
): ScenarioDocument | undefined {
  const copy = structuredClone(document);
  const last = path.at(-1);
  if (last === undefined) return change(copy) as ScenarioDocument | undefined;
  const parent = at(copy, path.slice(0, -1));
  const value = at(copy, path);
  if (typeof parent !== 'object' || parent === null || value === undefined) return undefined;
  const simpler = change(value);
  if (simpler === undefined || JSON.stringify(simpler) === JSON.stringify(value)) return undefined;
  (parent as Record<string | number, Data>)[last] = simpler;
  return copy;
}

const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Simpler values than this one, the simplest first. */
function simplerThan(value: Data | undefined): Data[] {
  if (typeof value === 'number' && Number.isInteger(value) && value > 1) return [1, Math.floor(value / 2)];
  if (typeof value !== 'string' || value === '') return [];
  const parts = DURATION.exec(value)?.slice(1);
  if (!parts) return [];
  const units = ['d', 'h', 'm', 's', 'ms'];
  const kept = parts.flatMap((amount, index) => (amount === undefined ? [] : [`${amount}${units[index]!}`]));
  // Only the largest unit of a duration, then half of it.
  const [first] = kept;
  const half = Math.floor(Number.parseInt(first!, 10) / 2);
  const unit = first!.replace(/^\d+/, '');
  return ['0s', ...(kept.length > 1 ? [first!] : []), ...(half > 0 ? [`${half}${unit}`] : [])].filter(
    (simpler) => simpler !== value,
  );
}
