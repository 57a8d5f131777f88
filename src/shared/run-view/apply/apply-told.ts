import type { RunEvent } from '#shared/contract/events.ts';
import { newParticipant, withParticipant } from './apply-participant.ts';
import { isOver } from './apply-round.ts';
import { patch } from '../fold.ts';
import { isParticipantSeat } from '../seat.ts';
import type { RunView } from '../run-view.ts';

/**
 * Participants of whom a participant's own machine is told nothing but their names and what rounds say of them: they are
 * listed as soon as they are named, with nothing else. To be applied before the event itself, which then finds them.
 */
export function applyTold(view: RunView, event: RunEvent): RunView {
  if (!isParticipantSeat(view)) return view;
  switch (event.type) {
    case 'round_started':
      return named(view, event.data.selected, event.at);
    case 'round_status':
      return named(view, [...event.data.selected, ...event.data.reported, ...event.data.waitingFor], event.at);
    case 'round_ended': {
      const { contributions, missing } = event.data;
      if (isOver(view, event.data.round)) return view;
      let next = named(view, [...contributions, ...missing], event.at);
      for (const id of [...contributions, ...missing]) {
        if (id === view.self) continue;
        const took = contributions.includes(id) ? 1 : 0;
        next = {
          ...next,
          participants: patch(next.participants, id, ({ counted }) => ({ counted: (counted ?? 0) + took })),
        };
      }
      return next;
    }
    default:
      return view;
  }
}

function named(view: RunView, ids: readonly string[], at: number): RunView {
  let next = view;
  for (const id of ids) {
    if (next.participants.some((known) => known.id === id)) continue;
    const counted = id === view.self ? 0 : null;
    next = withParticipant(next, { ...newParticipant(id, at), counted });
  }
  return next;
}
