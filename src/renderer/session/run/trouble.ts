import { isOpening, isParticipantSeat, ownParticipant } from '#shared/run-view/seat.ts';
import { processEndWords } from '#shared/run-view/end-words.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { seatLink } from './seat-link.ts';
import type { Silence } from './seat-link.ts';

/** Participants who were linked and are not as they should be, whether or not a rule calls it a stall. */
export function troubledLinks(view: RunView): readonly ParticipantView[] {
  return view.participants.filter((one) => one.left === null && one.link.state !== 'ready' && one.link.connections > 0);
}

/** The silence that stands over the views of a participant's app; null: there is none. */
export function silenceNow(view: RunView, now: number): Silence | null {
  const link = seatLink(view, now);
  return link?.kind === 'silent' ? link : null;
}

/**
 * What is said where no verdict stands: never that nothing is wrong while the status line says otherwise. The silence of
 * the coordinator has words of its own.
 */
export function noVerdictWords(view: RunView, now: number): string {
  if (view.endedAt !== null) {
    const asPlanned = view.status === 'completed' || view.status === 'interrupted' || view.endReason === '';
    return asPlanned ? 'nothing was found in this run' : `no rule named a cause; the run ended: ${view.endReason}`;
  }
  if (isOpening(view)) return 'the run has not begun';
  if (isParticipantSeat(view)) {
    const link = seatLink(view, now);
    if (link?.kind === 'joining') return 'the coordinator has not been reached yet';
    if (link?.kind === 'restarting') return `${processEndWords(link.note)}; it is being started again`;
    if (link?.kind === 'closing') return 'the link is closed';
    const own = ownParticipant(view);
    if (own?.link.state === 'degraded') return `the link is degraded: ${own.link.reason}`;
    return 'nothing in this run is stalled';
  }
  const [first, ...others] = troubledLinks(view);
  if (first === undefined) return 'nothing in this run is stalled';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `nothing is stalled; the link of ${first.id} is ${first.link.state}${more}`;
}
