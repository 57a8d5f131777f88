import { applyEvents } from '#shared/run-view/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { recordedSeat } from './recorded-seat.ts';
import type { SeatStory } from './recorded-seat.ts';

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
