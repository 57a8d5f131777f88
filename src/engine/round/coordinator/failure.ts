import type { CoordinatorDraft } from './draft.ts';
import type { Failure, ParticipantRecord } from './state.ts';

/** Its update came and is none that a link takes: too long, or not what its hash says. It will not send another. */
export function updateUnreadable(draft: CoordinatorDraft, link: number, { round, code, reason }: Failure): void {
  const { participants, members, round: current } = draft.s;
  const participant = [...participants.values()].find((one) => one.link === link);
  if (participant === undefined || round !== current || members.get(participant.id)?.contribution !== null) return;
  participantFailed(draft, participant, { round, code, reason: `its update cannot be taken: ${reason}` });
}

/** A participant cannot do its part of this round: it is not waited for, and stays in the run. */
export function participantFailed(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  { round, code, reason }: Failure,
): void {
  draft.report('notice', {
    level: 'warning',
    text: `${participant.id}: ${reason}`,
    participant: participant.id,
    error: {
      code,
      layer: 'round',
      message: reason,
      retryable: false,
      context: { participant: participant.id, round },
      causes: [],
    },
  });
  const member = draft.s.members.get(participant.id);
  if (member === undefined || round !== draft.s.round || member.failure !== null) return;
  draft.patchMember(participant.id, { failure: reason });
  draft.waitingSetChanged();
}
