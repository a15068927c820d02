// Many patterns with `*`, and the first of them that matches a text. A text is not compared with every pattern:
// what a pattern has before its first star and after its last one is looked up.

import { wildcard } from './wildcard.js';

interface Entry<Value> {
  /** The number of patterns that were added before it. */
  rank: number;
  value: Value;
  matches: (text: string) => boolean;
}

/** Patterns whose beginnings are of one length, and whose ends are of one length. */
interface Group<Value> {
  startLength: number;
  endLength: number;
  /** By beginning and end, which the lengths tell apart. Each list is in the order of ranks. */
  byEnds: Map<string, Entry<Value>[]>;
}

export class WildcardIndex<Value> {
  private readonly exact = new Map<string, Entry<Value>>();
  private readonly groups = new Map<string, Group<Value>>();
  private count = 0;

  /** @param pattern as `wildcard` takes it; one that never matches first is not kept */
  add(pattern: string, value: Value): void {
    const entry = { rank: this.count++, value, matches: wildcard(pattern) };
    const first = pattern.indexOf('*');
    if (first < 0) {
      if (!this.exact.has(pattern)) this.exact.set(pattern, entry);
      return;
    }
    const last = pattern.lastIndexOf('*');
    const [startLength, endLength] = [first, pattern.length - last - 1];
    const key = `${startLength} ${endLength}`;
    let group = this.groups.get(key);
    if (!group) this.groups.set(key, (group = { startLength, endLength, byEnds: new Map() }));
    const ends = pattern.slice(0, first) + pattern.slice(last + 1);
    const alike = group.byEnds.get(ends);
    if (!alike) group.byEnds.set(ends, [entry]);
    // One that matches the text of a later pattern matches whatever the later one does.
    else if (!alike.some(({ matches }) => matches(pattern))) alike.push(entry);
  }

  /** The value of the first pattern that matches; undefined when there is none. */
  find(text: string): Value | undefined {
    let found = this.exact.get(text);
    for (const { startLength, endLength, byEnds } of this.groups.values()) {
      const endAt = text.length - endLength;
      if (endAt < startLength) continue;
      const alike = byEnds.get(text.slice(0, startLength) + text.slice(endAt));
      for (const entry of alike ?? []) {
        if (found && found.rank < entry.rank) break;
        if (!entry.matches(text)) continue;
        found = entry;
        break;
      }
    }
    return found?.value;
  }
}
