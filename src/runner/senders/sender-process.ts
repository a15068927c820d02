// The built-in sender as a process that can crash. A crash loses everything but the store, and the next
// sender starts from it. Requests that arrive in between wait for that sender.

import type { MailingFigures } from '../../sender/figures.js';
import { Lifespan } from '../../sender/lifespan.js';
import { Sender, type SenderOptions } from '../../sender/sender.js';

type Request = (sender: Sender) => void;

export class SenderProcess {
  private sender: Sender | undefined;
  private life = new Lifespan();
  private readonly requests: Request[] = [];
  /** Requests that are made to every sender that starts. */
  private readonly standing: Request[] = [];

  /** Starts the sender. @param options with a store if the scenario has a crash */
  constructor(private readonly options: SenderOptions) {
    this.start();
  }

  /** Makes a request now or, while the sender is down, when the next one starts. */
  ask(request: Request): void {
    if (this.sender) request(this.sender);
    else this.requests.push(request);
  }

  /** Makes a request now and after each crash: for settings that the store does not keep. */
  askEach(request: Request): void {
    if (this.sender) request(this.sender);
    this.standing.push(request);
  }

  /** Crashes the sender; the next one starts `restartMs` later. Does nothing while it is down. */
  crash(restartMs: number): void {
    if (!this.sender) return;
    this.options.emit({ type: 'sender.crashed' });
    this.sender = undefined;
    this.life.end();
    this.options.clock.after(restartMs, () => this.start());
  }

  /** What each delivery in progress waits for. */
  waiting(): string[] {
    return this.sender?.waiting() ?? ['everything waits for a sender that is down'];
  }

  /** The sender's own figures of a mailing; undefined while it is down. */
  response(mailing: string): MailingFigures | undefined {
    return this.sender?.response(mailing);
  }

  private start(): void {
    const { clock, dialer, emit, inlet, store } = this.options;
    const life = new Lifespan();
    this.life = life;
    // A lifespan costs time with every packet, so only a sender that can crash gets one.
    const ports = store && {
      clock: life.clock(clock),
      dialer: life.dialer(dialer),
      emit: life.emit(emit),
      store: life.store(store),
      ...(inlet ? { inlet: life.inlet(inlet) } : {}),
    };
    this.sender = new Sender({ ...this.options, ...ports });
    for (const request of [...this.standing, ...this.requests.splice(0)]) request(this.sender);
  }
}
