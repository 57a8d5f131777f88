import { spawn } from '#shared/base/spawn.ts';
const waiting = new WeakMap<Promise<unknown>, Set<(value: never) => void>>();

/**
 * `then` for a promise that outlives those who wait for it, such as the end of a connection that carries one session after
 * another: who has stopped waiting is forgotten, where `then` would hold each of them until the promise settles.
 */
export function whenSettled<T>(promise: Promise<T>, listener: (value: T) => void): Disposable {
  let listeners = waiting.get(promise);
  if (listeners === undefined) {
    const made = new Set<(value: never) => void>();
    waiting.set(promise, made);
    spawn(
      'telling of an end',
      promise.then((value) => {
        for (const told of made) told(value as never);
        made.clear();
        waiting.delete(promise);
      }),
    );
    listeners = made;
  }
  listeners.add(listener);
  return { [Symbol.dispose]: () => void listeners.delete(listener) };
}
