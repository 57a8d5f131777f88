import { useSessionState } from '#renderer/session/hooks.ts';
import { usePlace } from '#renderer/session/navigation.ts';
import type { Place } from '#renderer/session/navigation.ts';

/** Views of a run make no sense before the first one; these always do. */
const alwaysShown: ReadonlySet<Place['view']> = new Set(['runs', 'demo', 'settings', 'home', 'join', 'coordinate']);

/** The view on screen: while there is no run, Home stands where a run would be shown. Null: not yet connected. */
export function useShownView(): Place['view'] | null {
  const { view } = usePlace();
  const connecting = useSessionState((state) => state.app === null);
  const noRun = useSessionState((state) => state.view === null);
  if (connecting) return null;
  return noRun && !alwaysShown.has(view) ? 'home' : view;
}
