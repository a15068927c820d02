// From YAML nodes to plain data, keeping the way back from data to nodes. Done here and not with the
// library's own conversion, which throws on what it does not like and searches the whole document
// for every alias.

import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Node, Pair, YAMLMap } from 'yaml';

/** A key and its value as nodes of the file. */
export interface Entry {
  key: Node;
  value: Node | null;
}

/** Something wrong at a node, whatever the file is about. */
export interface NodeProblem {
  node: Node;
  message: string;
  hint?: string;
  /** For a duplicate: the node that came first. */
  first?: Node;
}

export interface YamlTree {
  /** The data; aliases share what they stand for. Undefined when it cannot be had. */
  value: unknown;
  /** Entries of each mapping by key, those of merge keys included, in the order of the file. */
  entries: ReadonlyMap<YAMLMap, ReadonlyMap<string, Entry>>;
  /** What each alias stands for. */
  targets: ReadonlyMap<Alias, Node>;
  problems: NodeProblem[];
}

/** Values that a file may stand for once its aliases are written out. */
const EXPANDED_MAX = 1_000_000;

interface Built {
  value: unknown;
  /** Values in it, aliases written out. */
  size: number;
}

/** @returns the data of a document and where each piece of it is written */
export function buildTree(root: Node | null): YamlTree {
  const builder = new TreeBuilder();
  const { value } = builder.build(root);
  const { entries, targets, problems } = builder;
  return { value: builder.broken ? undefined : value, entries, targets, problems };
}

class TreeBuilder {
  readonly entries = new Map<YAMLMap, Map<string, Entry>>();
  readonly targets = new Map<Alias, Node>();
  readonly problems: NodeProblem[] = [];
  /** Set when the data would not be what was meant, so that checking it would only mislead. */
  broken = false;
  readonly #anchors = new Map<string, Node>();
  /** Anchored nodes that are complete; one that is not yet cannot be used inside itself. */
  readonly #built = new Map<Node, Built>();
  #tooLarge = false;

  build(node: Node | null): Built {
    if (node === null) return { value: null, size: 1 };
    if (isAlias(node)) return this.#alias(node);
    const anchor = 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    const built = isMap(node)
      ? this.#map(node)
      : isSeq(node)
        ? this.#list(node.items as Node[])
        : scalar(node);
    if (anchor !== undefined) this.#built.set(node, built);
    if (built.size > EXPANDED_MAX && !this.#tooLarge) {
      this.#tooLarge = true;
      this.#fail({
        node,
        message: `the file stands for more than ${EXPANDED_MAX.toLocaleString('en-US')} values once its aliases are written out`,
        hint: 'use fewer aliases of aliases',
      });
    }
    return built;
  }

  #fail(problem: NodeProblem): Built {
    this.broken = true;
    this.problems.push(problem);
    return { value: null, size: 1 };
  }

  #alias(node: Alias): Built {
    const target = this.#anchors.get(node.source);
    if (!target) {
      return this.#fail({
        node,
        message: `there is no anchor \`&${node.source}\` before this alias`,
        hint: 'a text that starts with * needs quotes, such as "*@example.org"',
      });
    }
    const built = this.#built.get(target);
    if (!built)
      return this.#fail({ node, message: `the alias \`*${node.source}\` is used inside its own anchor` });
    this.targets.set(node, target);
    return built;
  }

  #list(items: readonly Node[]): Built {
    const value: unknown[] = [];
    let size = 1;
    for (const item of items) {
      const built = this.build(item);
      value.push(built.value);
      size += built.size;
    }
    return { value, size };
  }

  #map(map: YAMLMap): Built {
    const entries = new Map<string, Entry>();
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
        this.problems.push({ node: pair.key, message: `the key \`${key}\` is here twice`, first: first.key });
      entries.set(key, { key: pair.key, value: pair.value });
      put(data, key, built.value);
    }
    // What is written in the mapping itself wins over what is merged in, and the first merge over later ones.
    for (const { node, value } of merges) this.#merge(node, value, entries, data);
    this.entries.set(map, entries);
    return { value: data, size };
  }

  #merge(node: Node, value: unknown, entries: Map<string, Entry>, data: Record<string, unknown>): void {
    const target = this.#follow(node);
    if (isSeq(target)) {
      (target.items as Node[]).forEach((item, i) =>
        this.#merge(item, (value as unknown[])[i], entries, data),
      );
      return;
    }
    const inner = isMap(target) ? this.entries.get(target) : undefined;
    if (!inner) {
      // An alias that leads nowhere has been told already.
      if (!isAlias(target)) {
        this.#fail({
          node,
          message: '`<<` merges another mapping in',
          hint: 'write `<<: *name` with an anchor `&name` on that mapping',
        });
      }
      return;
    }
    for (const [key, entry] of inner) {
      if (entries.has(key)) continue;
      entries.set(key, entry);
      put(data, key, (value as Record<string, unknown>)[key]);
    }
  }

  #follow(node: Node): Node {
    return isAlias(node) ? (this.targets.get(node) ?? node) : node;
  }
}

function scalar(node: Node): Built {
  return { value: isScalar(node) ? node.value : null, size: 1 };
}

function put(data: Record<string, unknown>, key: string, value: unknown): void {
  // Plain assignment would set the prototype for the key `__proto__`.
  Object.defineProperty(data, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Only a plain `<<` merges; in quotes it is a key like any other. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}
