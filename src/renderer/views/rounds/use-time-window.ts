import { useCallback, useMemo, useState } from 'react';
import { useNow } from '#renderer/session/hooks.ts';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';
import { isWithin, liveWindow, pan, roundWindow, runWindow, zoom } from './time-window.ts';
import type { Span, TimeWindow } from './time-window.ts';

export interface WindowControl {
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

/**
 * Which time the lanes show. Following is left by any pan or zoom, and taken up again on demand. A round that is opened
 * brings its lanes; it is closed, and they are where they were.
 */
export function useTimeWindow(view: RunView, opened: RoundView | undefined): WindowControl {
  const now = useNow(1000);
  const [span, setSpan] = useState<Span>('last3');
  const [free, setFree] = useState<TimeWindow | null>(null);
  const whole = useStable(runWindow(view, now));
  const following = useStable(liveWindow(view, span, now));
  const own = free ?? following;
  const [brings, letGo] = useBrings(opened?.round ?? null);
  const isOpen = opened !== undefined && opened.endedAt === null && view.endedAt === null;
  const ofRound = useStable(
    opened === undefined
      ? own
      : isOpen
        ? liveWindow(view, 'round', now)
        : roundWindow(opened, view.endedAt ?? now, whole),
  );
  const brought = opened !== undefined && brings && !isWithin(opened, view.endedAt ?? now, own);
  const window = brought ? ofRound : own;
  const show = useCallback(
    (next: TimeWindow) => {
      setFree(next);
      letGo();
    },
    [letGo],
  );
  const follow = useCallback(
    (next?: Span) => {
      if (next !== undefined) setSpan(next);
      setFree(null);
      letGo();
    },
    [letGo],
  );
  const zoomBy = useCallback(
    (factor: number, around: number) => show(zoom(window, factor, around, whole)),
    [show, window, whole],
  );
  const panBy = useCallback(
    (share: number) => show(pan(window, share * (window.toAt - window.fromAt), whole)),
    [show, window, whole],
  );
  return { span, window, whole, live: free === null && !brought, follow, show, zoomBy, panBy };
}

/** Whether the round that is open decides what is shown: until somebody looks elsewhere, and again with the next one. */
function useBrings(round: number | null): readonly [boolean, () => void] {
  const [state, setState] = useState({ round, brings: true });
  if (state.round !== round) setState({ round, brings: true });
  const letGo = useCallback(() => setState((before) => ({ ...before, brings: false })), []);
  return [state.round !== round || state.brings, letGo];
}

/** Keeps the object while its numbers are the same, so that what depends on it rests. */
function useStable({ fromAt, toAt }: TimeWindow): TimeWindow {
  return useMemo(() => ({ fromAt, toAt }), [fromAt, toAt]);
}
