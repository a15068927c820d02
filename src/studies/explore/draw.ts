// Random draws of one experiment. Each experiment has a separate stream, so that experiment 4711 of a seed is
// always the same, independent of earlier experiments and of the worker.

import { seededRandom } from '../../base/random.js';

export class Draw {
  private readonly next: () => number;

  /**
   * @param seed of the exploration
   * @param index number of the experiment
   */
  constructor(seed: string, index: number) {
    const random = seededRandom(seed);
    let drawn = 0;
    this.next = () => random.fraction('explore', index, drawn++);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number, both bounds included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  one<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!;
  }

  /** Each item with a probability, in the order of the list. */
  some<T>(items: readonly T[], probability: number): T[] {
    return items.filter(() => this.chance(probability));
  }

  /** A list of a drawn length. */
  many<T>(min: number, max: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.int(min, max) }, (_, index) => make(index));
  }

  /** The result of `make` with a probability, else an empty object: for an optional key. */
  maybe<T extends object>(probability: number, make: () => T): T | Record<string, never> {
    return this.chance(probability) ? make() : {};
  }
}
