import type { EventOf } from '#shared/contract/events.ts';
import { applyRound } from './apply-round.ts';
import type { RunView } from '../run-view.ts';

/**
 * A coordinator goes on with a run that another process began. Fills in what the former one could not tell any more, and
 * what a view that begins only now never heard; what is known already stays as it is.
 */
export function applyResumed(view: RunView, event: EventOf<'run_resumed'>): RunView {
  const { round, selected, modelHash, updates, last, roundsCompleted } = event.data;
  // Who waited to be let in asks again, or is gone.
  let next: RunView = { ...view, asking: [], roundsCompleted: Math.max(view.roundsCompleted, roundsCompleted) };
  if (last !== null && !next.rounds.some((known) => known.round === last.round && known.state === 'done')) {
    const took = [...last.contributions, ...last.missing];
    next = withRound(next, event, { round: last.round, selected: took, modelHash: last.modelBefore });
    next = applyRound.round_ended(next, { ...event, type: 'round_ended', data: last });
  }
  if (selected.length > 0) next = withRound(next, event, { round, selected, modelHash });
  for (const update of updates) {
    const known = next.rounds.find((other) => other.round === round)?.updates ?? [];
    if (known.some(({ participant, counted }) => participant === update.participant && counted)) continue;
    const data = { ...update, round, counted: true, reason: '', cosine: null };
    next = applyRound.update_received(next, { ...event, type: 'update_received', data });
  }
  return next;
}

function withRound(view: RunView, event: EventOf<'run_resumed'>, data: EventOf<'round_started'>['data']): RunView {
  if (view.rounds.some((known) => known.round === data.round)) return view;
  return applyRound.round_started(view, { ...event, type: 'round_started', data });
}
