import type { Clock } from './clock.ts';

/** Calls `callback` each `ms` by `clock`, first after `ms`, until it is disposed. The next call is planned before this one runs, so one that throws does not end it. */
export function every(clock: Clock, ms: number, callback: () => void): Disposable {
  const next = (): Disposable =>
    clock.timer(ms, () => {
      timer = next();
      callback();
    });
  let timer = next();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
