// The sender of a run as a process that can be killed: when it dies everything is lost but its
// store, and another one starts on that. Whoever wants something of it meanwhile has to wait.

import type { MailingFigures } from '../../sender/figures.js';
import { Lifespan } from '../../sender/lifespan.js';
import { Sender, type SenderOptions } from '../../sender/sender.js';

type Request = (sender: Sender) => void;

export class SenderProcess {
  private sender: Sender | undefined;
  private life = new Lifespan();
  private readonly requests: Request[] = [];
  /** What every sender is asked that starts from now on. */
  private readonly standing: Request[] = [];

  /** Starts it. @param options with a store, if it is ever to crash */
  constructor(private readonly options: SenderOptions) {
    this.start();
  }

  /** Asks the sender for something, now or as soon as there is one. */
  ask(request: Request): void {
    if (this.sender) request(this.sender);
    else this.requests.push(request);
  }

  /** Asks this sender, and each that will start after a crash: what is not in the store, and meant to stay. */
  askEach(request: Request): void {
    if (this.sender) request(this.sender);
    this.standing.push(request);
  }

  /** Kills the sender; another starts `restartMs` later. A sender that is down cannot be killed. */
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

  /** What the sender says of a mailing; undefined while there is none. */
  response(mailing: string): MailingFigures | undefined {
    return this.sender?.response(mailing);
  }

  private start(): void {
    const { clock, dialer, emit, inlet, store } = this.options;
    const life = new Lifespan();
    this.life = life;
    // Only what can crash has to be held together: that costs something with every packet.
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
