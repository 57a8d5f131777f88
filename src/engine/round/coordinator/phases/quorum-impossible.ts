import { counted } from '#shared/base/text/counted.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { CoordinatorDraft } from '../draft.ts';
import { endRun } from '../end.ts';
import type { CoordinatorInput } from '../state.ts';
import { roundWait } from './round-wait.ts';

/** Its process has ended and nobody starts it again: whoever supervises it says so. Who is only silent may come back. */
export function goneForGood(
  draft: CoordinatorDraft,
  { participant, reason }: Extract<CoordinatorInput, { kind: 'gone' }>,
): void {
  draft.s.gone = new Map([...draft.s.gone, [participant, reason]]);
  draft.waitingSetChanged();
}

/** Ends the run when what it waits for cannot come any more, however long it waits. */
export function endIfQuorumImpossible(draft: CoordinatorDraft): void {
  const { s } = draft;
  if (s.gone.size === 0 || s.outcome !== null || s.ending !== null) return;
  const reason = s.phase === 'registering' ? tooFewToStart(draft) : tooFewForQuorum(draft);
  if (reason !== null) endRun(draft, 'stalled', `${reason}. ${theGone(s.gone)}`);
}

function tooFewToStart({ s }: CoordinatorDraft): string | null {
  const { demo, settings } = s.config;
  if (s.round > 0) {
    const left = [...s.participants.values()].filter(({ id, left: how }) => how === null && !s.gone.has(id));
    return left.length > 0 ? null : `round ${s.round}: no participant is left that could come back`;
  }
  // Only a demo knows who could still come.
  if (demo === undefined || demo.participants - s.gone.size >= settings.minimumParticipants) return null;
  const left = demo.participants - s.gone.size;
  return `The run needs ${counted(settings.minimumParticipants, 'participant')} and ${left === 0 ? 'all' : 'some'} have ended before it began`;
}

function tooFewForQuorum({ s }: CoordinatorDraft): string | null {
  const { waitingFor, reported, quorum } = roundWait(s);
  if (waitingFor.length === 0) return null;
  const canCome = waitingFor.filter((id) => !s.gone.has(id)).length;
  if (reported.length + canCome >= quorum) return null;
  const what = s.phase === 'evaluating' ? 'evaluations' : 'updates';
  return `round ${s.round}: its quorum of ${quorum} ${what} cannot be reached any more, ${reported.length} ${reported.length === 1 ? 'is' : 'are'} here and ${canCome === 0 ? 'none' : canCome} can still come`;
}

const namedMax = 3;

function theGone(gone: ReadonlyMap<ParticipantId, string>): string {
  const all = [...gone];
  const named = all.slice(0, namedMax).map(([id, reason]) => `${id} (${reason})`);
  const more = all.length > namedMax ? ` and ${all.length - namedMax} more` : '';
  return `Ended: ${named.join(', ')}${more}`;
}
