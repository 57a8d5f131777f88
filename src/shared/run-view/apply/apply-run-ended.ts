import type { EventOf } from '#shared/contract/events.ts';
import { closeLast } from './apply-participant.ts';
import type { RoundView, RunView } from '../run-view.ts';

/** Of an update that was acknowledged as one that counts. */
export const acknowledgedOnly = 'acknowledged, its round never ended';

/** The run is over, and with it all that was open in it. */
export function applyRunEnded(view: RunView, { at, data }: EventOf<'run_ended'>): RunView {
  const roundsCompleted = Math.max(view.roundsCompleted, data.roundsCompleted);
  const unended = view.rounds.filter((round) => round.endedAt === null && round.round > roundsCompleted);
  return {
    ...view,
    roundsCompleted,
    status: data.status,
    endReason: data.reason,
    left: data.left ?? false,
    endedAt: Math.max(view.startedAt, at),
    wait:
      view.wait === null
        ? null
        : { ...view.wait, waitingFor: data.status === 'stalled' ? view.wait.waitingFor : [], deadlineAt: 0 },
    participants: view.participants.map((participant) => ({
      ...participant,
      counted: participant.counted === null ? null : participant.counted - countedIn(unended, participant.id),
      segments: closeLast(participant.segments, at),
    })),
    rounds: view.rounds.map((round) =>
      round.endedAt === null
        ? {
            ...(unended.includes(round) ? withoutCount(round) : round),
            endedAt: Math.max(round.startedAt, at),
            state: data.status === 'stalled' ? 'stalled' : round.state,
          }
        : round,
    ),
  };
}

function countedIn(rounds: readonly RoundView[], participant: string): number {
  return rounds.flatMap(({ updates }) => updates).filter((one) => one.counted && one.participant === participant)
    .length;
}

/** Counting means being in the model that a round ends with. */
function withoutCount(round: RoundView): RoundView {
  return {
    ...round,
    updates: round.updates.map((update) =>
      update.counted ? { ...update, counted: false, acknowledged: true, reason: acknowledgedOnly } : update,
    ),
  };
}
