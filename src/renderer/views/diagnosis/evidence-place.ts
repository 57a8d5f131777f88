import type { Place } from '#renderer/session/navigation.ts';
import type { VerdictView } from '#shared/run-view/run-view.ts';

/**
 * Where a piece of evidence is seen: a packet opens in Packets; an event has no table of its own yet, so it leads to
 * the packets of its subject.
 */
export function placeOf(evidence: VerdictView['evidence'][number], verdict: VerdictView): Partial<Place> {
  const [kind, number] = evidence.ref.split(':');
  const id = Number(number);
  if (kind === 'packet' && Number.isInteger(id) && id > 0) return { view: 'packets', packet: id };
  const participant = verdict.subject.split(/[\s,]+/)[0] ?? '';
  return { view: 'packets', packet: null, filter: participant === '' ? '' : `participant == ${participant}` };
}
