// Tables of what repeats: each value is kept once and named by its index.

/** A table of values that are told apart by their JSON. */
export class Table<T> {
  readonly values: T[] = [];
  private readonly indices = new Map<string, number>();

  /** @returns the index of the value, which is added if it is new */
  add(value: T): number {
    const key = typeof value === 'string' ? value : JSON.stringify(value);
    let index = this.indices.get(key);
    if (index === undefined) {
      index = this.values.push(value) - 1;
      this.indices.set(key, index);
    }
    return index;
  }
}
