import type { HeaderOf } from '#shared/contract/messages.ts';
import type { CoordinatorDraft } from './coordinator-draft.ts';
import type { ParticipantRecord } from './coordinator-state.ts';

/** A participant says that it cannot do its part of this round: it is not waited for, and stays in the run. */
export function participantFailed(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  header: HeaderOf<'error'>,
): void {
  const { code, reason } = header.body;
  draft.report('notice', {
    level: 'warning',
    text: `${participant.id}: ${reason}`,
    participant: participant.id,
    error: {
      code,
      layer: 'round',
      message: reason,
      retryable: false,
      context: { participant: participant.id, round: header.round },
      causes: [],
    },
  });
  const member = draft.s.members.get(participant.id);
  if (member === undefined || header.round !== draft.s.round || member.failure !== null) return;
  draft.patchMember(participant.id, { failure: reason });
  draft.waitChanged();
}
