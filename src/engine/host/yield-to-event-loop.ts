/** Yields to the event loop between two slices of long work, so that timers and sockets are served. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
