import { constants, setPriority } from 'node:os';

/**
 * Training takes whatever the processors have to give; a window, an editor or a video call go first. Called right after
 * the start, so that the threads which the process makes inherit it.
 */
export function lowerPriority(pid: number): void {
  lower(pid, constants.priority.PRIORITY_BELOW_NORMAL);
}

/** Process id 0: whoever calls. On Linux that is the calling thread alone (setpriority(2), "C library/kernel differences"). */
const caller = 0;

/**
 * Called in the thread that takes the gradient steps: on Linux it goes behind every other thread, also those of its own
 * process that keep the session. Elsewhere a priority belongs to a whole process, and the process has yielded already.
 */
export function yieldThread(): void {
  if (process.platform === 'linux') lower(caller, constants.priority.PRIORITY_LOW);
}

function lower(pid: number, priority: number): void {
  try {
    setPriority(pid, priority);
  } catch {
    // It has ended already, or the system does not let us: then it runs like everything else.
  }
}
