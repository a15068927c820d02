// The one source of randomness: seedrandom sub-streams named by purpose. A draw depends on the
// seed and on its name alone, never on how many draws came before it, so that adding a contact or
// reordering a list changes nothing for the others.

import seedrandom from 'seedrandom';

export interface Random {
  /**
   * A number in [0, 1) that is always the same for the same name.
   *
   * @param purpose what is drawn, and for which domain or contact: `share`, `yahoo.com`, `bob@yahoo.com`, ...
   */
  fraction(...purpose: (string | number)[]): number;
}

/** @param seed seed of the run */
export function seededRandom(seed: string): Random {
  return {
    // Alea, because every draw makes a generator: it is cheap to start.
    fraction: (...purpose) => seedrandom.alea(`${seed}\u0000${purpose.join('\u0000')}`)(),
  };
}

/** A 32-bit seed from a text, such as a file's name. */
export function seedFromText(text: string): string {
  return String(seedrandom.alea(text).int32() >>> 0);
}
