const parentAtStart = process.ppid;

/**
 * Told each time that this process is to end, with the reason as the others of a run are told it: Ctrl+C is its user's
 * wish, anything else is not.
 */
export function onEndSignal(stop: (reason: string) => void): Disposable {
  const interrupt = (): void => stop('interrupted by the user');
  // A command whose npm or shell was killed is told by the same signal; see `end-with-parent.mjs`.
  const terminate = (): void =>
    stop(process.ppid === parentAtStart ? 'told to end (SIGTERM)' : 'the program that had started it is gone');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', terminate);
  return {
    [Symbol.dispose]: () => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', terminate);
    },
  };
}
