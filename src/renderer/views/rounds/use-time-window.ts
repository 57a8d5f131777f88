import { useCallback, useMemo, useState } from 'react';
import { useNow } from '#renderer/session/hooks.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { liveWindow, pan, runWindow, zoom } from './time-window.ts';
import type { Span, TimeWindow, WindowMode } from './time-window.ts';

export interface WindowControl {
  readonly mode: WindowMode;
  /** The span that was last followed; Live goes back to it. */
  readonly span: Span;
  readonly window: TimeWindow;
  readonly whole: TimeWindow;
  readonly live: boolean;
  follow(span?: Span): void;
  show(window: TimeWindow): void;
  zoomBy(factor: number, around: number): void;
  panBy(share: number): void;
}

/** Which time the lanes show. Following is left by any pan or zoom, and taken up again on demand. */
export function useTimeWindow(view: RunView): WindowControl {
  const now = useNow(1000);
  const [span, setSpan] = useState<Span>('last3');
  const [free, setFree] = useState<TimeWindow | null>(null);
  const whole = useStable(runWindow(view, now));
  const following = useStable(liveWindow(view, span, now));
  const window = free ?? following;
  const follow = useCallback((next?: Span) => {
    if (next !== undefined) setSpan(next);
    setFree(null);
  }, []);
  const zoomBy = useCallback(
    (factor: number, around: number) => setFree(zoom(window, factor, around, whole)),
    [window, whole],
  );
  const panBy = useCallback(
    (share: number) => setFree(pan(window, share * (window.toAt - window.fromAt), whole)),
    [window, whole],
  );
  return {
    mode: free === null ? { kind: 'live', span } : { kind: 'free', ...free },
    span,
    window,
    whole,
    live: free === null,
    follow,
    show: setFree,
    zoomBy,
    panBy,
  };
}

/** Keeps the object while its numbers are the same, so that what depends on it rests. */
function useStable({ fromAt, toAt }: TimeWindow): TimeWindow {
  return useMemo(() => ({ fromAt, toAt }), [fromAt, toAt]);
}
