// A fold over a list that grows, and of which an entry changes now and then. After a change only the entries are
// read again whose state it changes.

interface Folding<Entry, State> {
  /** Before the first entry. */
  start: State;
  /** The list itself: entries are added at its end. */
  entries: readonly Entry[];
  /** The state after an entry. States are not changed, so that they can be kept. */
  next: (state: State, entry: Entry) => State;
  /** The known state when `state` equals it, else `state`, with the parts of the known one that it has too. */
  shared: (known: State, state: State) => State;
  /** A number of each entry, which never changes. */
  weight: (entry: Entry) => number;
  /** Whether no later entry changes this state, if each has at least this weight. */
  isFinal: (state: State, lightest: number) => boolean;
}

export class ChangingFold<Entry, State> {
  /** The state after each entry, as far as it is known. */
  private readonly states: State[] = [];
  /** For each entry the lowest weight of it and all after it. */
  private readonly lightest: number[] = [];

  constructor(private readonly folding: Folding<Entry, State>) {}

  /** @param changed the first entry that has changed since the last call @returns the state after the last entry */
  after(changed: number): State {
    this.weighNew();
    const { states } = this;
    const { start, entries, next, shared, isFinal } = this.folding;
    const known = states.length;
    let at = Math.min(changed, known);
    let state = at === 0 ? start : states[at - 1]!;
    for (; at < entries.length; at++) {
      if (isFinal(state, this.lightest[at]!)) {
        // What follows was computed for another state, or never.
        states.length = at;
        return state;
      }
      state = next(state, entries[at]!);
      if (at < known) state = shared(states[at]!, state);
      // All states from here on are as they were.
      if (at >= changed && state === states[at]) state = states[(at = known - 1)]!;
      else states[at] = state;
    }
    return state;
  }

  private weighNew(): void {
    const { lightest } = this;
    const { entries, weight } = this.folding;
    for (let at = lightest.length; at < entries.length; at++) {
      const own = weight(entries[at]!);
      lightest.push(own);
      for (let before = at - 1; before >= 0 && lightest[before]! > own; before--) lightest[before] = own;
    }
  }
}
