import { applyEvents } from '#shared/run-view/apply/apply-event.ts';
import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { recordedSeat } from '../recorded/recorded-seat.ts';
import type { SeatStory } from '../recorded/recorded-seat.ts';

/** A recorded seat's run as it is known at a moment: `at` ms after its start. */
export function seatViewAt(story: SeatStory, at: number): RunView {
  const events = recordedSeat({ startAt, story }).filter((item) => item.at <= startAt + at);
  const view = applyEvents(
    null,
    events.flatMap((item) => ('event' in item ? [item.event] : [])),
  );
  if (view === null) throw new Error('nothing has happened by then');
  return view;
}

export const startAt = 1_800_000_000_000;

/** The same while its own process has stood still for `stillMs`, by the verdict on it. */
export function stillView(story: SeatStory, at: number, stillMs: number): RunView {
  const view = seatViewAt(story, at);
  return { ...view, verdicts: [frozen(view, startAt + at - stillMs)] };
}

function frozen(view: RunView, since: number): VerdictView {
  return {
    verdict: 'v1',
    rule: 'process-frozen',
    layer: 'application',
    subject: view.self ?? '',
    sentence: 'its process stands still',
    explanation: '',
    since,
    detectedAfterMs: 4000,
    nextAction: '',
    nextActionAt: 0,
    evidence: [],
    at: since + 4000,
    clearedAt: null,
    clearedBecause: '',
    round: view.round,
    spans: [{ from: since, to: null }],
  };
}
