import { applyEvent } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { recordedSession } from './recorded-session.ts';
import type { RecordedSessionOptions } from './recorded-session.ts';

/** When the recorded sessions of tests begin: a Sunday at noon UTC, far from any change of clocks. */
export const recordedStart = Date.UTC(2026, 0, 4, 12, 0, 0);

/** The view of a recorded session as it was some seconds after its start. */
export function recordedView(elapsedS: number, options: Partial<RecordedSessionOptions> = {}): RunView {
  const startAt = options.startAt ?? recordedStart;
  let view: RunView | null = null;
  for (const item of recordedSession({ ...options, startAt })) {
    if (item.at > startAt + elapsedS * 1000) break;
    if ('event' in item) view = applyEvent(view, item.event);
  }
  if (view === null) throw new Error('nothing was recorded by then');
  return view;
}
