import { useEffect, useState } from 'react';
import type { RunView } from '#shared/run-view/run-view.ts';
import { useSession } from '../hooks.ts';

/**
 * The run's view at most once in `apartMs`, for what is costly to draw and read at leisure; null while there is no run. It
 * changes when the session tells of a change, so in the same frame as the rest of the window.
 */
export function useSlowView(apartMs: number): RunView | null {
  const session = useSession();
  const [view, setView] = useState(() => session.state().view);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let lastAt = performance.now();
    const update = (): void => {
      clearTimeout(timer);
      timer = undefined;
      lastAt = performance.now();
      setView(session.state().view);
    };
    const changed = (): void => {
      if (performance.now() - lastAt >= apartMs) update();
      else timer ??= setTimeout(update, lastAt + apartMs - performance.now());
    };
    update();
    const unsubscribe = session.subscribe(changed);
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [session, apartMs]);
  return view;
}
