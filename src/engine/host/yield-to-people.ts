import { constants, setPriority } from 'node:os';

/**
 * Training takes whatever the processors have to give; a window, an editor or a video call go first. Called right after
 * the start, so that the threads which the process makes inherit it.
 */
export function yieldToPeople(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not let us: then it runs like everything else.
  }
}
