// What a host knows of an SMTP session when its behaviors decide. Plain data, so that a host decides the
// same whether a client reaches it by SMTP or without bytes.

import type { Situation } from '../behaviors/behavior.js';

/** The part of a behavior's situation that depends on the session and its transaction. */
export type SessionState = Pick<
  Situation,
  'client' | 'sender' | 'recipient' | 'attempt' | 'isHelo' | 'size' | 'messages'
>;

/**
 * The state while no transaction is under way.
 *
 * @param client IP address without port
 * @param attempt number of the handshake or connection at this host, from 1
 */
export function outsideTransaction(client: string, attempt: number): SessionState {
  return { client, sender: '', recipient: '', attempt, isHelo: false, size: 0, messages: 0 };
}
