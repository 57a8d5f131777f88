import { isStale } from '#renderer/session/session.ts';
import { Suspense, useEffect } from 'react';
import type { JSX } from 'react';
import { useSessionState } from '#renderer/session/hooks.ts';
import { useKeyMissing } from '#renderer/session/key-missing.ts';
import { usePreferences } from '#renderer/session/preferences.ts';
import { applyTheme } from '#renderer/theme/apply-theme.ts';
import { useRecording, useShowsRecording } from '#renderer/session/recordings/recordings.ts';
import type { Place } from '#renderer/session/navigation.ts';
import { takeArrival, useArrival } from '#renderer/session/navigation.ts';
import { focusView } from './focus-view.ts';
import { NoKey } from './dialogs/no-key.tsx';
import { Overlays } from './overlays.tsx';
import { NoCommands } from './commands/no-commands.tsx';
import { Rail } from './rail.tsx';
import { ReplayBar } from './replay/replay-bar.tsx';
import { useShownView } from './shown-view.ts';
import { SkipLink } from './skip-link.tsx';
import { StatusSlot } from './top-bar/status-slot.tsx';
import { TopBar } from './top-bar/top-bar.tsx';
import { views } from './views.tsx';

export function App(): JSX.Element {
  const { theme } = usePreferences();
  useEffect(() => {
    const applied = applyTheme(theme);
    return () => applied[Symbol.dispose]();
  }, [theme]);
  const lost = useSessionState((state) => isStale(state.connection));
  const unknown = useSessionState((state) => state.app === null);
  const recording = useRecording();
  const keyMissing = useKeyMissing();
  // Of what runs nothing is known, so nothing is said of it.
  if (keyMissing && unknown) return <NoKey />;
  return (
    <div className={lost ? 'app stopped' : recording !== null ? 'app replay' : 'app'}>
      <SkipLink />
      <Rail />
      <TopBar />
      {recording === null ? <StatusSlot /> : <ReplayBar recording={recording} />}
      <Suspense fallback={<main aria-busy="true" />}>
        <CurrentView />
      </Suspense>
      <Overlays />
    </div>
  );
}

/** Views that are there to command a run. */
const commanding: ReadonlySet<Place['view']> = new Set(['demo', 'join', 'coordinate']);

function CurrentView(): JSX.Element {
  const shown = useShownView();
  const recording = useShowsRecording();
  if (shown === null) return <main aria-busy="true" />;
  if (recording && commanding.has(shown)) return <NoCommands title={views[shown].title} />;
  const { component: View, title } = views[shown];
  return (
    <>
      <View />
      <FocusOnArrival title={title} />
    </>
  );
}

/** Beside the view, so that it comes no earlier than one that has yet to be loaded. */
function FocusOnArrival({ title }: { readonly title: string }): null {
  const arrival = useArrival();
  useEffect(() => {
    // Another view that is shown for another reason finds the arrival taken.
    if (arrival !== null && takeArrival(arrival)) focusView(title);
  }, [arrival, title]);
  return null;
}
