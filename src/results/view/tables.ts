// Tables of repeated values: each value is kept once, and its index stands for it.

/** A table of values; two with the same JSON are one. */
export class Table<T> {
  readonly values: T[] = [];
  private readonly indices = new Map<string, number>();
  /** Length of all values, as text. */
  characters = 0;

  /** @returns the index of the value, added when it is new */
  add(value: T): number {
    const key = typeof value === 'string' ? value : JSON.stringify(value);
    let index = this.indices.get(key);
    if (index === undefined) {
      index = this.values.push(value) - 1;
      this.indices.set(key, index);
      this.characters += key.length;
    }
    return index;
  }
}
