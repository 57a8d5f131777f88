import { useRef } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { formatDuration } from '#renderer/components/words/format.ts';
import { followRecovery, nobodyAway } from '#renderer/session/recovery.ts';
import type { Recovery } from '#renderer/session/recovery.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** Long enough to be told to others. */
const shownMs = 8000;

/** Who came back last, followed as long as the caller is shown. */
export function useRecovery(view: RunView | null): Recovery | null {
  const state = useRef(nobodyAway);
  if (view !== null) state.current = followRecovery(state.current, view);
  return state.current.last;
}

/** The moment in which something that was broken works again, and what it has cost: what was not sent is sent now. */
export function Recovered({ last, now }: { readonly last: Recovery | null; readonly now: number }): JSX.Element | null {
  if (last === null || now - last.at > shownMs) return null;
  return (
    <span className="okc" role="status">
      <Icon name="redial" as="small" />
      <b>{last.participant}</b> is back after {formatDuration(last.tookMs)}, nothing lost
    </span>
  );
}
