// Timeouts of a client for each step of a dialogue (RFC 5321, 4.5.3.2).

import type { Stage } from '../../events/types.js';

/** For the TCP connection, for the reply at each stage, for each block of a message to be written, ms. */
export type Timeouts = Record<Stage | 'dial' | 'block' | 'reset' | 'quit', number>;

/** RFC 5321, 4.5.3.2; 30 s for the TCP connection, as in Postfix. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  dial: 30_000,
  connect: 5 * 60_000,
  ehlo: 5 * 60_000,
  starttls: 5 * 60_000,
  mail: 5 * 60_000,
  rcpt: 5 * 60_000,
  data: 2 * 60_000,
  block: 3 * 60_000,
  message: 10 * 60_000,
  reset: 20_000,
  quit: 10_000,
};
