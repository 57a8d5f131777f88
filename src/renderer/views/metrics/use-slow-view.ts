import { useEffect, useState } from 'react';
import type { RunView } from '#shared/run-view/run-view.ts';
import { useSession } from '#renderer/session/hooks.ts';

/** At most four times a second: a chart that flickers faster says no more. */
const updateMs = 250;

export function useSlowView(): RunView | null {
  const session = useSession();
  const [view, setView] = useState(() => session.state().view);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const update = (): void => {
      timer = undefined;
      setView(session.state().view);
    };
    update();
    const unsubscribe = session.subscribe(() => void (timer ??= setTimeout(update, updateMs)));
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [session]);
  return view;
}
