// From a path in the data (`mailings`, 1, `at`) to a place in the file. Follows aliases and merge
// keys, so that a place is always where a person wrote the thing.

import { isAlias, isMap, isSeq } from 'yaml';
import type { Node } from 'yaml';
import type { Location } from '../base/errors.js';
import type { Lines } from './lines.js';
import type { Entry, YamlTree } from './yaml-tree.js';

/** Keys and positions from the top of a file. */
export type Path = readonly (string | number)[];

/** Places of everything in one parsed YAML document. Lines and columns count from 1. */
export class Locator {
  readonly #file: string;
  readonly #text: string;
  readonly #lines: Lines;
  readonly #root: Node | null;
  readonly #tree: YamlTree;

  constructor(file: string, text: string, lines: Lines, root: Node | null, tree: YamlTree) {
    this.#file = file;
    this.#text = text;
    this.#lines = lines;
    this.#root = root;
    this.#tree = tree;
  }

  /** Keys of the mapping at `path` in the order of the file, those merged in last; none for anything else. */
  keys(path: Path): string[] {
    const node = this.#follow(this.#node(path));
    return isMap(node) ? [...(this.#tree.entries.get(node)?.keys() ?? [])] : [];
  }

  /**
   * The place of a value. Falls back to its key when nothing is written after it, and to the nearest
   * place above when the path does not exist.
   */
  value(path: Path): Location {
    for (let depth = path.length; depth >= 0; depth--) {
      const part = path.slice(0, depth);
      const node = this.#node(part);
      if (node?.range && node.range[1] > node.range[0]) return this.node(node);
      const key = this.#entry(part)?.key;
      if (key) return this.node(key);
    }
    return this.offset(0);
  }

  /** The place of the key at the end of `path`; of the value when it has none (an item of a list). */
  key(path: Path): Location {
    const key = this.#entry(path)?.key;
    return key ? this.node(key) : this.value(path);
  }

  /** The place of a node, up to the end of its first line. */
  node(node: Node): Location {
    return this.offset(node.range?.[0] ?? 0, node.range?.[1]);
  }

  /** The place of the text between two offsets, up to the end of its first line. */
  offset(start: number, end = start + 1): Location {
    return placeOf(this.#file, this.#text, this.#lines, start, end);
  }

  /** The node at `path`; an alias at its very end is not followed, so that its use is marked. */
  #node(path: Path): Node | null {
    let node = this.#root;
    for (const step of path) {
      const inner = this.#follow(node);
      if (isMap(inner)) node = this.#tree.entries.get(inner)?.get(String(step))?.value ?? null;
      else if (isSeq(inner)) node = (inner.items[Number(step)] as Node | undefined) ?? null;
      else return null;
    }
    return node;
  }

  #entry(path: Path): Entry | undefined {
    if (path.length === 0) return undefined;
    const map = this.#follow(this.#node(path.slice(0, -1)));
    return isMap(map) ? this.#tree.entries.get(map)?.get(String(path.at(-1))) : undefined;
  }

  #follow(node: Node | null): Node | null {
    return isAlias(node) ? (this.#tree.targets.get(node) ?? null) : node;
  }
}

/** The place of the text between two offsets of a file, up to the end of its first line. */
export function placeOf(file: string, text: string, lines: Lines, start: number, end: number): Location {
  // Errors at the end of a file point past its last line: step back to something that can be shown.
  let from = Math.min(start, text.length);
  if (from === text.length) while (from > 0 && (from === text.length || text[from] === '\n')) from--;
  const { line, column, end: lineEnd } = lines.at(from);
  const shown = text.slice(from, Math.min(end, lineEnd)).trimEnd();
  return { file, line, column, length: Math.max(1, shown.length) };
}
