// The lifespan of one sender. Its ports pass through here, so that `end` can stop everything that it
// has started, as the operating system does when a process ends: timers are cancelled, connections
// are cut and later results are dropped. Bytes that were written before still arrive.

import type net from 'node:net';
import type { Emit } from '../events/types.js';
import type { Clock, Dialer, Inlet, Timer } from './ports.js';
import type { Store } from './store/store.js';

export class Lifespan {
  private isOver = false;
  private readonly timers = new Set<Timer>();
  private readonly sockets = new Set<net.Socket>();
  private readonly listeners = new Set<{ close(): void }>();

  /** A clock whose timers are cancelled at the end. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      date: (at) => clock.date(at),
      after: (ms, fn) => {
        if (this.isOver) return { cancel: () => undefined };
        const timer = clock.after(ms, () => {
          this.timers.delete(timer);
          fn();
        });
        this.timers.add(timer);
        return {
          cancel: () => {
            this.timers.delete(timer);
            timer.cancel();
          },
        };
      },
    };
  }

  /** A dialer whose connections are cut at the end. */
  dialer(dialer: Dialer): Dialer {
    return {
      dial: (address, port) => {
        if (this.isOver) throw new Error('this sender has ended');
        return this.cutAtEnd(dialer.dial(address, port));
      },
    };
  }

  /** An inlet that is closed at the end, with its connections. */
  inlet(inlet: Inlet): Inlet {
    return {
      open: (domain, accept) => {
        if (this.isOver) throw new Error('this sender has ended');
        const opened = inlet.open(domain, (socket) => accept(this.cutAtEnd(socket)));
        this.listeners.add(opened);
        return opened;
      },
    };
  }

  /** Drops facts after the end. */
  emit(emit: Emit): Emit {
    return (fact) => {
      if (!this.isOver) emit(fact);
    };
  }

  /** A store that drops commits after the end. */
  store(store: Store): Store {
    return {
      seed: (fresh) => store.seed(fresh),
      load: () => store.load(),
      statuses: (contact) => store.statuses(contact),
      commit: (change) => {
        if (!this.isOver) store.commit(change);
      },
      close: () => store.close(),
    };
  }

  /** Ends the sender. A second call does nothing. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    for (const listener of this.listeners) listener.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private cutAtEnd(socket: net.Socket): net.Socket {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }
}
