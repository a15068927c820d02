// Timers that fake-timers does not replace, because they are methods of an object of Node. They are
// replaced by `setTimeout`, which is virtual when they are called.

import timersPromises from 'node:timers/promises';

/** Replaces these timers. @returns a function that restores them */
export function takeOtherTimers(): () => void {
  const { scheduler } = timersPromises;
  const timeout = Object.getOwnPropertyDescriptor(AbortSignal, 'timeout')!;
  scheduler.wait = (ms, options) => timersPromises.setTimeout(ms, undefined, options);
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const message = 'The operation was aborted due to timeout';
    setTimeout(() => controller.abort(new DOMException(message, 'TimeoutError')), ms);
    return controller.signal;
  };
  return () => {
    // The original is a method of its class.
    Reflect.deleteProperty(scheduler, 'wait');
    Object.defineProperty(AbortSignal, 'timeout', timeout);
  };
}
