import type { EventOf, EventType } from '../contract/events.ts';
import type { ParticipantView, RunView } from './run-view.ts';

export type Handlers = { [T in EventType]?: (view: RunView, event: EventOf<T>) => RunView };

/** Appends within a limit; what falls out at the front is counted by the caller. */
export function append<T>(
  items: readonly T[],
  item: T,
  limit: number,
): { readonly items: T[]; readonly dropped: number } {
  const dropped = Math.max(0, items.length + 1 - limit);
  return { items: [...items.slice(dropped), item], dropped };
}

/** Changes one participant, keeping the others' identity; an unknown id changes nothing. */
export function patch(
  participants: readonly ParticipantView[],
  id: string,
  change: (participant: ParticipantView) => Partial<ParticipantView>,
): readonly ParticipantView[] {
  const index = participants.findIndex((participant) => participant.id === id);
  const participant = participants[index];
  return participant === undefined
    ? participants
    : participants.with(index, { ...participant, ...change(participant) });
}
