import { performance } from 'node:perf_hooks';
import type { Clock } from '#shared/base/time/clock.ts';

/** Wall time may differ this much from the fine-grained one before that is set again. */
const wallToleranceMs = 20;
let wallOriginMs = performance.timeOrigin;

/** The machine's clock. Its timers keep the process alive until they fire or are disposed. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  /** With a fraction, so that frames of one millisecond keep their order; follows the system's clock when that jumps. */
  wallMs() {
    const now = performance.now();
    const coarse = Date.now();
    if (Math.abs(wallOriginMs + now - coarse) > wallToleranceMs) wallOriginMs = coarse - now;
    return wallOriginMs + now;
  },
  sleep(ms, { signal }) {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        clearTimeout(handle);
        reject(signal.reason);
      };
      const handle = setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  },
  timer(ms, callback) {
    const handle = setTimeout(callback, ms);
    return { [Symbol.dispose]: () => clearTimeout(handle) };
  },
  deadline: (ms, parent) => makeDeadline(systemClock, ms, parent),
};

/** A deadline made of any clock's timer; shared with the virtual clock of the tests. */
export function makeDeadline(clock: Pick<Clock, 'timer'>, ms: number, parent?: AbortSignal): AbortSignal & Disposable {
  const controller = new AbortController();
  const { signal } = controller;
  let timer: Disposable | undefined;
  const onParent = (): void => {
    timer?.[Symbol.dispose]();
    controller.abort(parent?.reason);
  };
  const dispose = (): void => {
    timer?.[Symbol.dispose]();
    parent?.removeEventListener('abort', onParent);
  };
  if (parent?.aborted === true) {
    controller.abort(parent.reason);
  } else {
    parent?.addEventListener('abort', onParent, { once: true });
    timer = clock.timer(ms, () => {
      parent?.removeEventListener('abort', onParent);
      controller.abort(new DOMException(`no result within ${ms} ms`, 'TimeoutError'));
    });
  }
  return Object.assign(signal, { [Symbol.dispose]: dispose });
}
