// The documentation as files: lines that fit a screen, and links that lead somewhere.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchors, relativeLinks } from './support/markdown.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COLUMNS_MAX = 120;

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`),
];

const read = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');

/** Links and anchors of a page, which is parsed once. */
const parsed = new Map<string, { links: string[]; anchors: Set<string> }>();
function parse(page: string): { links: string[]; anchors: Set<string> } {
  const known = parsed.get(page) ?? { links: relativeLinks(read(page)), anchors: anchors(read(page)) };
  parsed.set(page, known);
  return known;
}

/** Lines wider than a screen, in code blocks too, as `page:line`. */
function wideLines(page: string): string[] {
  return read(page)
    .split('\n')
    .flatMap((line, index) => ([...line].length > COLUMNS_MAX ? [`${page}:${index + 1}`] : []));
}

/** Paths of the repository that a page names and that are not there. Those of src/ may lack their ending. */
function stalePaths(page: string): string[] {
  const named = read(page).matchAll(
    /`((?:src|test|bench|scripts|docs)\/[\w./-]*|(?:policy|sender)\/[\w/-]+)`/g,
  );
  const places = (name: string): string[] => [name, `src/${name}.ts`];
  return Array.from(named, ([, name]) => name!).filter(
    (name) => !places(name).some((place) => existsSync(path.join(ROOT, place))),
  );
}

/** Links of a page that lead to no file, or to no heading of it. */
function brokenLinks(page: string): string[] {
  return parse(page).links.filter((link) => {
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
    if (!existsSync(path.join(ROOT, target))) return true;
    return anchor !== undefined && !parse(target).anchors.has(anchor);
  });
}

describe('the documentation', () => {
  it('is found', () => {
    expect(PAGES).toEqual(expect.arrayContaining(['docs/commands.md', 'docs/scenarios.md']));
    expect(PAGES.flatMap((page) => parse(page).links).length).toBeGreaterThan(80);
  });

  it.each(PAGES)('%s is up to date and fits a screen', (page) => {
    expect(wideLines(page)).toEqual([]);
    expect(stalePaths(page)).toEqual([]);
  });

  it.each(PAGES)('%s has only links that lead to a file and a heading', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('can be reached from the README', () => {
    const links = new Set(parse('README.md').links.map((link) => link.split('#')[0]));
    expect(PAGES.filter((page) => page !== 'README.md' && !links.has(page))).toEqual([]);
  });
});

describe('the check of links', () => {
  it('reads what GitHub shows', () => {
    const page =
      '# `a-b` and *C*\n\n[x](b.md#d-e) [y](https://a.test/) <https://b.test/>\n\n```\n[no](c.md)\n```\n\n# A-b and C\n';
    expect(relativeLinks(page)).toEqual(['b.md#d-e']);
    expect([...anchors(page)]).toEqual(['a-b-and-c', 'a-b-and-c-1']);
  });
});
