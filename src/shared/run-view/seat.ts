import type { Chair } from '../contract/events.ts';
import type { ParticipantView, RunView } from './run-view.ts';

/** From where a run is seen. Recordings that do not say: one with a participant of its own and no demo is that one's. */
export function chairOf({ chair, self, demo }: Pick<RunView, 'chair' | 'self' | 'demo'>): Chair | null {
  return chair ?? (self !== null && demo === null ? 'participant' : null);
}

/** Whether this app is one participant of a run that is coordinated elsewhere. */
export function isParticipantSeat(view: Pick<RunView, 'chair' | 'self' | 'demo'>): boolean {
  return chairOf(view) === 'participant';
}

/** Whether `participant` is this app's own and the coordinator is somewhere else. */
export function isOwnSeat(view: Pick<RunView, 'chair' | 'self' | 'demo'>, participant: string): boolean {
  return isParticipantSeat(view) && view.self === participant;
}

/** Whether what is shown of a participant was told by the coordinator, not seen by this app itself. */
export function isTold(view: Pick<RunView, 'chair' | 'self' | 'demo'>, participant: string): boolean {
  return isParticipantSeat(view) && view.self !== participant;
}

/** This app's own participant; undefined until its first event. */
export function ownParticipant(view: RunView): ParticipantView | undefined {
  return view.self === null ? undefined : view.participants.find(({ id }) => id === view.self);
}

/** A run of which nothing is known yet, not even from which chair it is seen. */
export function isOpening({ chair, status, self, participants }: RunView): boolean {
  return chair === null && status === 'starting' && self === null && participants.length === 0;
}
