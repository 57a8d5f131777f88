import { useSyncExternalStore } from 'react';
import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import { failureWords, onTaskFailure } from '#shared/base/spawn.ts';
import { createStore } from './store.ts';

/** An answer to what the user just did; what concerns the run as such stands in Diagnosis. */
export interface Toast {
  readonly id: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
  readonly error: ErrorReport | null;
}

/** What people did just now is answered one by one; more than this many at once are not read, the oldest goes. */
const heldMax = 8;
const store = createStore<readonly Toast[]>([]);
let nextId = 1;

export function showToast(toast: Omit<Toast, 'id'>): void {
  const same = (other: Toast): boolean => other.text === toast.text && other.level === toast.level;
  store.set([...store.get().filter((other) => !same(other)), { ...toast, id: nextId++ }].slice(-heldMax));
}

export function showError(error: ErrorReport): void {
  showToast({ level: 'error', text: error.message, error });
}

/** What fails where nobody waits for it is told as well: copying, an answer that could not be shown. Returns what ends it. */
export function showTaskFailures(): Disposable {
  return onTaskFailure((failure) => {
    showToast({ level: 'error', text: failureWords(failure), error: toErrorReport(failure.error) });
  });
}

export function showInfo(text: string): void {
  showToast({ level: 'info', text, error: null });
}

export function dismissToast(id: number): void {
  store.set(store.get().filter((toast) => toast.id !== id));
}

/** Oldest first. */
export function heldToasts(): readonly Toast[] {
  return store.get();
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(store.subscribe, store.get);
}
