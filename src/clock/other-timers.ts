// Timers that fake-timers leaves alone: those that hang on an object of Node and not on a module. They are
// led to `setTimeout`, which is virtual by then.

import timersPromises from 'node:timers/promises';

/** Puts them into virtual time. @returns gives them back */
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
