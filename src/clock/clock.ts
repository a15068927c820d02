// The Clock port: the only source of time for the sender and the simulator.

/** A pending callback. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the origin of this clock; never goes back. */
  now(): number;
  /** The date and time of day, for headers. @param at a time on this clock; default: this moment */
  date(at?: number): Date;
  /** Runs `fn` once, `ms` from now; 0 means later at the same time, never within this call. */
  after(ms: number, fn: () => void): Timer;
}
