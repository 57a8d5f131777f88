import { useSyncExternalStore } from 'react';
import { createStore } from '#renderer/session/store.ts';
import { demoDefaults, demoSettingsSchema } from '#shared/contract/run/settings.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';

/** What the next start will use. Outlives the view, so that a look at Rounds does not lose what was set. */
const draft = createStore<DemoSettings | null>(null);

export function changeDraft(settings: DemoSettings): void {
  draft.set(settings);
}

/** The draft, or what the present run was started with, or the defaults. */
export function useDraft(running: DemoSettings | null): DemoSettings {
  const own = useSyncExternalStore(draft.subscribe, draft.get);
  return own ?? running ?? demoDefaults;
}

/** What is wrong with settings, by field; empty when they can be started. */
export function faultsOf(settings: DemoSettings): ReadonlyMap<string, string> {
  const checked = demoSettingsSchema.safeParse(settings);
  if (checked.success) return new Map();
  return new Map(
    checked.error.issues.map(({ path, code, message }) => [
      String(path[0]),
      // Fields with numbers do not let go of one that is out of bounds; an empty one is all that is left to be filled in.
      code === 'too_small' && path[0] === 'data' ? 'a folder or a file has to be given' : message,
    ]),
  );
}
