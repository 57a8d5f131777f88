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
}
