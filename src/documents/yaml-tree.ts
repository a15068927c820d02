// Converts YAML nodes to plain data and keeps the node of each key and value. The conversion of the
// library is not used: it throws on invalid input and searches the whole document for every alias.

import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Node, Pair, YAMLMap } from 'yaml';

/** A key and its value as nodes of the file. */
export interface MappingEntry {
  key: Node;
  value: Node | null;
}

/** A problem at a node, independent of the format of the file. */
export interface NodeProblem {
  node: Node;
  message: string;
  hint?: string;
  /** For a duplicate: the node that came first. */
  first?: Node;
}

export interface YamlTree {
  /** The data; an alias shares the value of its anchor. Undefined when it would not be complete. */
  value: unknown;
  /** Entries of each mapping by key, in the order of the file, including merged ones. */
  entries: ReadonlyMap<YAMLMap, ReadonlyMap<string, MappingEntry>>;
  /** The anchored node of each alias. */
  targets: ReadonlyMap<Alias, Node>;
  problems: NodeProblem[];
}

/** Most values that aliases and merge keys may add to those that are written. */
const EXPANDED_MAX = 1_000_000;

interface Built {
  value: unknown;
  /** Number of values in it, with aliases resolved. */
  size: number;
}

/** @returns the data of a document and the nodes of its keys and aliases */
export function buildTree(root: Node | null): YamlTree {
  const builder = new TreeBuilder();
  const { value } = builder.build(root);
  const { entries, targets, problems } = builder;
  return { value: builder.broken ? undefined : value, entries, targets, problems };
}

class TreeBuilder {
  readonly entries = new Map<YAMLMap, Map<string, MappingEntry>>();
  readonly targets = new Map<Alias, Node>();
  readonly problems: NodeProblem[] = [];
  /** Set when the data is not what was meant, so that checking it would report misleading problems. */
  broken = false;
  private readonly anchors = new Map<string, Node>();
  /** Anchored nodes that are complete; an alias inside its own anchor is not among them. */
  private readonly built = new Map<Node, Built>();
  /** Values that aliases and merge keys have added so far. */
  private added = 0;

  build(node: Node | null): Built {
    if (node === null || this.isTooLarge) return { value: null, size: 1 };
    if (isAlias(node)) return this.buildAlias(node);
    const anchor = 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) this.anchors.set(anchor, node);
    const built = isMap(node)
      ? this.buildMap(node)
      : isSeq(node)
        ? this.buildList(node.items as Node[])
        : scalar(node);
    if (anchor !== undefined) this.built.set(node, built);
    return built;
  }

  private get isTooLarge(): boolean {
    return this.added > EXPANDED_MAX;
  }

  /** Counts values that are added at a node; from the limit on nothing more is built. */
  private expand(node: Node, size: number): void {
    if (this.isTooLarge) return;
    this.added += size;
    if (!this.isTooLarge) return;
    this.fail({
      node,
      message: `aliases expand the file by more than ${EXPANDED_MAX.toLocaleString('en-US')} values`,
      hint: 'use fewer aliases of aliases',
    });
  }

  private fail(problem: NodeProblem): Built {
    this.broken = true;
    this.problems.push(problem);
    return { value: null, size: 1 };
  }

  private buildAlias(node: Alias): Built {
    const target = this.anchors.get(node.source);
    if (!target) {
      return this.fail({
        node,
        message: `there is no anchor \`&${node.source}\` before this alias`,
        hint: 'a text that starts with * needs quotes, such as "*@example.org"',
      });
    }
    const built = this.built.get(target);
    if (!built)
      return this.fail({ node, message: `the alias \`*${node.source}\` is used inside its own anchor` });
    this.targets.set(node, target);
    this.expand(node, built.size);
    return built;
  }

  private buildList(items: readonly Node[]): Built {
    const value: unknown[] = [];
    let size = 1;
    for (const item of items) {
      const built = this.build(item);
      value.push(built.value);
      size += built.size;
    }
    return { value, size };
  }

  private buildMap(map: YAMLMap): Built {
    const entries = new Map<string, MappingEntry>();
    const data: Record<string, unknown> = {};
    const merges: { node: Node; value: unknown }[] = [];
    let size = 1;
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const built = this.build(pair.value);
      size += built.size + 1;
      if (isMergeKey(pair.key)) {
        merges.push({ node: pair.value ?? pair.key, value: built.value });
        continue;
      }
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const first = entries.get(key);
      if (first)
        this.problems.push({ node: pair.key, message: `the key \`${key}\` appears twice`, first: first.key });
      entries.set(key, { key: pair.key, value: pair.value });
      put(data, key, built.value);
    }
    // Keys of the mapping itself take precedence over merged ones, and the first merge over later ones.
    for (const { node, value } of merges) this.merge(node, value, entries, data);
    this.entries.set(map, entries);
    return { value: data, size };
  }

  private merge(
    node: Node,
    value: unknown,
    entries: Map<string, MappingEntry>,
    data: Record<string, unknown>,
  ): void {
    if (this.isTooLarge) return;
    const target = this.follow(node);
    if (isSeq(target)) {
      (target.items as Node[]).forEach((item, i) => this.merge(item, (value as unknown[])[i], entries, data));
      return;
    }
    const inner = isMap(target) ? this.entries.get(target) : undefined;
    if (!inner) {
      // An unknown alias is reported already.
      if (!isAlias(target)) {
        this.fail({
          node,
          message: '`<<` must refer to a mapping',
          hint: 'write `<<: *name` with an anchor `&name` on that mapping',
        });
      }
      return;
    }
    this.expand(node, inner.size);
    if (this.isTooLarge) return;
    for (const [key, entry] of inner) {
      if (entries.has(key)) continue;
      entries.set(key, entry);
      put(data, key, (value as Record<string, unknown>)[key]);
    }
  }

  private follow(node: Node): Node {
    return isAlias(node) ? (this.targets.get(node) ?? node) : node;
  }
}

function scalar(node: Node): Built {
  return { value: isScalar(node) ? node.value : null, size: 1 };
}

function put(data: Record<string, unknown>, key: string, value: unknown): void {
  // An assignment to the key `__proto__` would set the prototype.
  Object.defineProperty(data, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Only a plain `<<` merges; in quotes it is an ordinary key. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}
