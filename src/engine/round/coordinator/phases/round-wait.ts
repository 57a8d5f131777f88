import type { ParticipantId } from '#shared/contract/ids.ts';
import type { CoordinatorState, Member } from '../state.ts';
import { pauses } from './pause.ts';
import { quorumOf } from '#engine/round/quorum.ts';

/** Who is waited for in the current phase and who has reported, in order of id. */
export interface RoundWait {
  readonly waitingFor: readonly ParticipantId[];
  readonly reported: readonly ParticipantId[];
  readonly selected: readonly ParticipantId[];
  /** Reports that close the phase at its deadline. */
  readonly quorum: number;
}

export function roundWait(state: CoordinatorState): RoundWait {
  const share = state.config.settings.quorum;
  const members = [...state.members.values()];
  const selected = members.map(({ id }) => id);
  // Who pauses is not waited for, and counts as soon as it has reported.
  const gone = ({ id }: Member): boolean => (state.participants.get(id)?.left ?? null) !== null || pauses(state, id);
  switch (state.phase) {
    case 'distributing':
    case 'training': {
      const waiting = members.filter(
        (member) =>
          member.awaited && !member.contribution && !member.refusal && member.failure === null && !gone(member),
      );
      const reported = members.filter(({ contribution }) => contribution !== null);
      // Who left, failed or sent something useless no longer counts for the quorum: nobody can stop the others that way.
      return {
        waitingFor: ids(waiting),
        reported: ids(reported),
        selected,
        quorum: quorumOf(share, withReports(waiting, reported)),
      };
    }
    case 'evaluating': {
      const waiting = members.filter(
        (member) => member.evaluates === 'awaited' && !member.evaluation && member.failure === null && !gone(member),
      );
      const reported = members.filter(({ evaluation }) => evaluation !== null);
      return {
        waitingFor: ids(waiting),
        reported: ids(reported),
        selected,
        quorum: quorumOf(share, withReports(waiting, reported)),
      };
    }
    case 'registering': {
      const remaining = [...state.participants.values()]
        .filter(({ left, paused }) => left === null && !paused)
        .map(({ id }) => id);
      const quorum = state.round === 0 ? state.config.settings.minimumParticipants : 1;
      // Before the first round those who are missing have no names yet; later they do.
      return state.round === 0
        ? { waitingFor: [], reported: remaining, selected: [], quorum }
        : { waitingFor: remaining, reported: [], selected: [], quorum };
    }
    case 'aggregating':
    case 'closing':
      return {
        waitingFor: [],
        reported: members.filter(({ contribution }) => contribution !== null).map(({ id }) => id),
        selected,
        quorum: 0,
      };
  }
}

/** No member waits and has reported, so the sum counts each once. */
function withReports(waiting: readonly Member[], reported: readonly Member[]): number {
  return waiting.length + reported.length;
}

function ids(members: readonly Member[]): ParticipantId[] {
  return members.map(({ id }) => id);
}
