// Finds the location of a path in the data (`mailings`, 1, `at`). Aliases and merge keys are followed,
// so that a location is where the value is written.

import { isAlias, isMap, isSeq } from 'yaml';
import type { Node } from 'yaml';
import type { Location } from '../base/errors.js';
import type { Lines } from './lines.js';
import type { MappingEntry, YamlTree } from './yaml-tree.js';

/** Keys of mappings and indexes of lists, from the top of the file. */
export type Path = readonly (string | number)[];

/** Locations of the values and keys of one parsed YAML document. Lines and columns count from 1. */
export class Locator {
  private readonly file: string;
  private readonly text: string;
  private readonly lines: Lines;
  private readonly root: Node | null;
  private readonly tree: YamlTree;

  constructor(file: string, text: string, lines: Lines, root: Node | null, tree: YamlTree) {
    this.file = file;
    this.text = text;
    this.lines = lines;
    this.root = root;
    this.tree = tree;
  }

  /** Keys of the mapping at `path` in the order of the file, merged keys last; empty for another value. */
  keys(path: Path): string[] {
    const node = this.follow(this.nodeAt(path));
    return isMap(node) ? [...(this.tree.entries.get(node)?.keys() ?? [])] : [];
  }

  /**
   * The location of a value. Falls back to its key when no value is written, and to the nearest parent
   * when the path does not exist.
   */
  value(path: Path): Location {
    for (let depth = path.length; depth >= 0; depth--) {
      const part = path.slice(0, depth);
      const node = this.nodeAt(part);
      if (node?.range && node.range[1] > node.range[0]) return this.node(node);
      const key = this.entryAt(part)?.key;
      if (key) return this.node(key);
    }
    return this.offset(0);
  }

  /** The location of the key at the end of `path`; of the value when there is no key (an item of a list). */
  key(path: Path): Location {
    const key = this.entryAt(path)?.key;
    return key ? this.node(key) : this.value(path);
  }

  /** The location of a node, up to the end of its first line. */
  node(node: Node): Location {
    return this.offset(node.range?.[0] ?? 0, node.range?.[1]);
  }

  /** The location of the text between two offsets, up to the end of its first line. */
  offset(start: number, end = start + 1): Location {
    return placeOf(this.file, this.text, this.lines, start, end);
  }

  /** The node at `path`; an alias at its end is not followed, so that the alias itself is marked. */
  private nodeAt(path: Path): Node | null {
    let node = this.root;
    for (const step of path) {
      const inner = this.follow(node);
      if (isMap(inner)) node = this.tree.entries.get(inner)?.get(String(step))?.value ?? null;
      else if (isSeq(inner)) node = (inner.items[Number(step)] as Node | undefined) ?? null;
      else return null;
    }
    return node;
  }

  private entryAt(path: Path): MappingEntry | undefined {
    if (path.length === 0) return undefined;
    const map = this.follow(this.nodeAt(path.slice(0, -1)));
    return isMap(map) ? this.tree.entries.get(map)?.get(String(path.at(-1))) : undefined;
  }

  private follow(node: Node | null): Node | null {
    return isAlias(node) ? (this.tree.targets.get(node) ?? null) : node;
  }
}

/** The location of the text between two offsets of a file, up to the end of its first line. */
export function placeOf(file: string, text: string, lines: Lines, start: number, end: number): Location {
  // An error at the end of a file is after its last line: step back to the last character that can be shown.
  let from = Math.min(start, text.length);
  if (from === text.length) while (from > 0 && (from === text.length || text[from] === '\n')) from--;
  const { line, column, end: lineEnd } = lines.at(from);
  const shown = text.slice(from, Math.min(end, lineEnd)).trimEnd();
  return { file, line, column, length: Math.max(1, shown.length) };
}
