import type { Place } from '#renderer/session/navigation.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { VerdictView } from '#shared/run-view/run-view.ts';

/**
 * Where a piece of evidence is seen: a packet opens in Packets; an event has no table of its own yet, so it leads to
 * the packets of its subject.
 */
export function placeOf(evidence: VerdictView['evidence'][number], verdict: VerdictView): Partial<Place> {
  const [kind, number] = evidence.ref.split(':');
  const id = Number(number);
  if (kind === 'packet' && Number.isInteger(id) && id > 0) return { view: 'packets', packet: id };
  const { subject } = verdict;
  // The machine, the broker and the network have a blank in their name; their evidence is everybody's.
  const isParticipant = subject !== coordinatorId && !subject.includes(' ');
  return { view: 'packets', packet: null, filter: isParticipant ? `participant == ${subject}` : '' };
}
