import { formatClock } from '#renderer/components/words/format.ts';
import type { Place } from '#renderer/session/navigation.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { VerdictView } from '#shared/run-view/run-view.ts';

/** Before and after an event, in which its packets are looked for; a heartbeat comes once a second. */
const aroundMs = 3_000;

/**
 * Where a piece of evidence is seen: a packet opens in Packets; an event has no table of its own yet, so it leads to
 * the packets of its subject around its moment.
 */
export function placeOf(evidence: VerdictView['evidence'][number], verdict: VerdictView): Partial<Place> {
  const [kind, number] = evidence.ref.split(':');
  const id = Number(number);
  if (kind === 'packet' && Number.isInteger(id) && id > 0) return { view: 'packets', packet: id };
  const { subject } = verdict;
  // The machine, the broker and the network have a blank in their name; their evidence is everybody's.
  const isParticipant = subject !== coordinatorId && !subject.includes(' ');
  const whose = isParticipant ? [`participant == ${subject}`] : [];
  return { view: 'packets', packet: null, filter: [...whose, ...around(evidence.at)].join(' && ') };
}

/** A filter knows times of day: around midnight no span of them holds the moment. */
function around(at: number): readonly string[] {
  const [from, to] = [formatClock(at - aroundMs), formatClock(at + aroundMs)];
  return from > to ? [] : [`time >= ${from}`, `time <= ${to}`];
}
