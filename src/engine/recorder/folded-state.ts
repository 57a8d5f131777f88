import type { RecordedEvent } from '#shared/contract/events.ts';
import { applyEvent, emptyView } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** The run as it was after an event. */
export interface FoldedState {
  readonly eventId: number;
  /**
   * When that event was due. Events are in the order in which they came, which is nearly that of their times: one that is
   * behind another is due with it.
   */
  readonly dueAt: number;
  readonly view: RunView;
  /** The first time until then that a clock was set back; null: none was. */
  readonly setBack: SetBack | null;
}

/** The clock of the machine was set back while it was recorded. */
export interface SetBack {
  /** The latest time before that. */
  readonly at: number;
  readonly byMs: number;
}

/** Far more than rows of several processes come out of order: then a clock was set back. */
export const setBackMsMin = 5000;

/** Before any event of a recording, which begins at that time. */
export function beginningOf(run: string, at: number): FoldedState {
  return { eventId: 0, dueAt: at, view: emptyView(run, at), setBack: null };
}

/** The state after the next event: the one way from events to what is shown of a recording at a moment. */
export function stateAfter(state: FoldedState, event: RecordedEvent): FoldedState {
  const behindMs = state.dueAt - event.at;
  return {
    eventId: event.id,
    dueAt: Math.max(state.dueAt, event.at),
    view: applyEvent(state.view, event),
    setBack: state.setBack ?? (behindMs > setBackMsMin ? { at: state.dueAt, byMs: behindMs } : null),
  };
}
