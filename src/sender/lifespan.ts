// The life of one sender: everything it set going hangs on it, and ends with it as the operating
// system ends a process. Its timers are gone, its connections are cut, and whatever comes back to
// it later reaches nobody. What it had written before that still arrives.

import type net from 'node:net';
import type { Emit } from '../events/types.js';
import type { Clock, Dialer, Inlet, Timer } from './ports.js';
import type { Store } from './store/store.js';

export class Lifespan {
  private isOver = false;
  private readonly timers = new Set<Timer>();
  private readonly sockets = new Set<net.Socket>();
  private readonly listeners = new Set<{ close(): void }>();

  /** A clock whose timers end with this life. */
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

  /** A dialer whose connections end with this life. */
  dialer(dialer: Dialer): Dialer {
    return {
      dial: (address, port) => {
        if (this.isOver) throw new Error('this sender is not there any more');
        return this.cutAtEnd(dialer.dial(address, port));
      },
    };
  }

  /** An inlet that closes with this life. */
  inlet(inlet: Inlet): Inlet {
    return {
      open: (domain, accept) => {
        if (this.isOver) throw new Error('this sender is not there any more');
        const opened = inlet.open(domain, (socket) => accept(this.cutAtEnd(socket)));
        this.listeners.add(opened);
        return opened;
      },
    };
  }

  /** Somewhere to tell facts to, for as long as it lives. */
  emit(emit: Emit): Emit {
    return (fact) => {
      if (!this.isOver) emit(fact);
    };
  }

  /** A store that keeps nothing more once this life is over. */
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
