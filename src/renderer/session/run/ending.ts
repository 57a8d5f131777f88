import { useSyncExternalStore } from 'react';
import { createStore } from '../store.ts';

const asked = createStore(false);

/** Asks before the run of this window is ended; the shell shows the question over whatever view is open. */
export function askToEndRun(): void {
  asked.set(true);
}

export function forgetEnding(): void {
  asked.set(false);
}

export function useEndingAsked(): boolean {
  return useSyncExternalStore(asked.subscribe, asked.get);
}
