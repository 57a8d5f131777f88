/** Work that nobody waited for has failed. */
export interface TaskFailure {
  /** As a phrase that can be followed by "failed": `reading a stream`. One of ours, never text from outside. */
  readonly task: string;
  readonly error: unknown;
  /** How often it has failed in this process. */
  readonly times: number;
}

const listeners = new Set<(failure: TaskFailure) => void>();
/** Bounded by the number of tasks that the source names. */
const timesOf = new Map<string, number>();

/** Who tells people of such failures: whoever reports to a run. Returns what ends it. */
export function onTaskFailure(listener: (failure: TaskFailure) => void): Disposable {
  listeners.add(listener);
  return { [Symbol.dispose]: () => void listeners.delete(listener) };
}

/** Begins work that nobody waits for, such as in the handler of an event. When it fails the run is told, and goes on. */
export function spawn(task: string, work: PromiseLike<unknown>): void {
  work.then(undefined, (error: unknown) => taskFailed(task, error));
}

/** The same for what has failed already. Each is told the 1st, 10th, 100th time ..., so that a peer cannot flood a run. */
export function taskFailed(task: string, error: unknown): void {
  const times = (timesOf.get(task) ?? 0) + 1;
  timesOf.set(task, times);
  if (listeners.size === 0) {
    // Nobody tells people: then it is a fault that ends the process, or fails the test.
    queueMicrotask(() => {
      throw error;
    });
    return;
  }
  if (!Number.isInteger(Math.log10(times))) return;
  for (const listener of listeners) listener({ task, error, times });
}

/** One sentence for people. */
export function failureWords({ task, error, times }: TaskFailure): string {
  const what = error instanceof Error ? error.message : String(error);
  const often = times > 1 ? ` (${times} times so far)` : '';
  return `${task.charAt(0).toUpperCase()}${task.slice(1)} failed${often}: ${what}`.slice(0, 1000);
}
