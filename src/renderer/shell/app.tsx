import { Suspense, useEffect } from 'react';
import type { JSX } from 'react';
import { usePlace } from '#renderer/session/navigation.ts';
import { usePreferences } from '#renderer/session/preferences.ts';
import { useSessionState } from '#renderer/session/hooks.ts';
import { applyTheme } from '#renderer/theme/apply-theme.ts';
import { EmptyView } from '#renderer/views/empty/empty-view.tsx';
import { Overlays } from './overlays.tsx';
import { Rail } from './rail.tsx';
import { StatusSlot } from './status-slot.tsx';
import { TopBar } from './top-bar.tsx';
import { views } from './views.tsx';

export function App(): JSX.Element {
  const { theme } = usePreferences();
  useEffect(() => {
    const applied = applyTheme(theme);
    return () => applied[Symbol.dispose]();
  }, [theme]);
  const lost = useSessionState((state) => state.connection.kind === 'lost');
  return (
    <div className={lost ? 'app stopped' : 'app'}>
      <Rail />
      <TopBar />
      <StatusSlot />
      <Suspense fallback={<main aria-busy="true" />}>
        <CurrentView />
      </Suspense>
      <Overlays />
    </div>
  );
}

/** Views of a run make no sense before the first one; Demo and Settings always do. */
const alwaysShown: ReadonlySet<string> = new Set(['demo', 'settings']);

function CurrentView(): JSX.Element {
  const { view } = usePlace();
  const noRun = useSessionState((state) => state.app !== null && state.view === null);
  const connecting = useSessionState((state) => state.app === null);
  if (connecting) return <main aria-busy="true" />;
  if (noRun && !alwaysShown.has(view)) return <EmptyView />;
  const View = views[view].component;
  return <View />;
}
