import { useSyncExternalStore } from 'react';
import { strategyNames, type StrategyName } from '#shared/contract/run/selection.ts';
import { createStore } from './store.ts';

/** What people set about the window itself; kept by the browser, never sent anywhere. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark' | 'projector';
  /** Single letters as shortcuts; off for people who dictate or use sticky keys (WCAG 2.1.4). */
  readonly letterKeys: boolean;
  /** How participants choose their protocol where a run leaves it to them; null: as the environment says, or the usual way. */
  readonly selection: StrategyName | null;
}

const key = 'roundscope.preferences';
const defaults: Preferences = { theme: 'system', letterKeys: true, selection: null };
const themes = ['system', 'light', 'dark', 'projector'] as const;

export function readPreferences(text: string | null): Preferences {
  try {
    const value = JSON.parse(text ?? '{}') as Partial<Record<keyof Preferences, unknown>> | null;
    return {
      theme: themes.find((theme) => theme === value?.theme) ?? defaults.theme,
      letterKeys: typeof value?.letterKeys === 'boolean' ? value.letterKeys : defaults.letterKeys,
      selection: strategyNames.find((name) => name === value?.selection) ?? defaults.selection,
    };
  } catch {
    // Anything may stand in storage; the defaults are always good.
    return defaults;
  }
}

const store = createStore<Preferences>(
  typeof localStorage === 'undefined' ? defaults : readPreferences(localStorage.getItem(key)),
);

export function setPreferences(change: Partial<Preferences>): void {
  const next = { ...store.get(), ...change };
  store.set(next);
  localStorage.setItem(key, JSON.stringify(next));
}

/** What a start is told about the choice of protocol, unless it says so itself. */
export function preferredSelection(): { readonly selection?: StrategyName } {
  const { selection } = store.get();
  return selection === null ? {} : { selection };
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(store.subscribe, store.get);
}
