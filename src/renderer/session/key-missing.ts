import { useSyncExternalStore } from 'react';
import { createStore } from './store.ts';

/** How long the token's exchange and the other tabs may take before the page says that it has no key. */
const patienceMs = 1_500;

const missing = createStore(false);
let timer: ReturnType<typeof setTimeout> | undefined;

/** This page needs a key to its service, and has none yet. */
export function expectKey(): void {
  clearTimeout(timer);
  timer = setTimeout(() => missing.set(true), patienceMs);
}

export function haveKey(): void {
  clearTimeout(timer);
  missing.set(false);
}

/** Whether this page cannot reach its service before somebody opens a fresh address. */
export function useKeyMissing(): boolean {
  return useSyncExternalStore(missing.subscribe, missing.get);
}
