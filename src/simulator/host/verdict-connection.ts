// Carries out what a behavior decided. All kinds of verdicts are handled here, once for every stage; a
// `Turn` says how a stage differs.

import type { Reply } from '../../events/types.js';
import type { Verdict } from '../behaviors/behavior.js';
import type { Done } from './reply-connection.js';
import { TlsConnection } from './tls-connection.js';

/** Verdicts of the behaviors at one stage; the next behavior is asked only when the next one is taken. */
export type Verdicts = Iterator<Verdict, undefined>;

/** How one verdict is carried out where the stages differ; what a stage cannot do is absent. */
export interface Turn {
  /** Sends a reply that refuses. */
  refuse(reply: Reply): void;
  /** Sends the bytes that replace the reply. */
  sendReplacement?(): void;
  /** The command is answered, without having been carried out: the next one is read. */
  end?(): void;
  /** Takes the message, whatever the client learns of it. */
  take?(): void;
  /** Does what the client asked for and replies. */
  proceed?(): void;
  /** A silence begins. */
  pause?(isForEver: boolean): void;
  /** A silence has ended; `next` continues the turn. */
  resume?(next: Done): void;
}

export abstract class VerdictConnection extends TlsConnection {
  /** Does what the verdicts say, one after the other, until one of them ends the turn. */
  protected carryOut(verdicts: Verdicts, turn: Turn): void {
    const verdict = verdicts.next().value;
    const next = (): void => this.carryOut(verdicts, turn);
    switch (verdict?.kind) {
      case 'reply':
        turn.refuse(verdict.reply);
        if (verdict.close) this.close();
        return turn.end?.();
      case 'bytes':
        if (!turn.sendReplacement) return;
        this.replaceReply(verdict);
        if (verdict.mute) return this.send(0);
        turn.sendReplacement();
        return turn.end?.();
      case 'drop':
        if (verdict.kept) turn.take?.();
        return this.drop(verdict.how);
      case 'certificate':
        this.certificate = verdict.which;
        return next();
      case 'style':
        return this.addStyle(verdict.style, next);
      case 'silence':
        if (verdict.kept) turn.take?.();
        turn.pause?.(verdict.ms === undefined);
        return this.beSilent(verdict.ms, () => {
          const goOn = (): void => (verdict.kept ? turn.proceed?.() : next());
          if (turn.resume) turn.resume(goOn);
          else goOn();
        });
      case 'accept':
      case 'refuse':
      case 'ignore':
      case undefined:
        return turn.proceed?.();
    }
  }
}
