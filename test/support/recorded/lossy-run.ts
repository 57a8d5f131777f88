import type { RecordedEvent } from '#shared/contract/events.ts';
import type { Loss } from '#shared/contract/losses.ts';
import type { Recorded } from './recorded-session.ts';

/** The same run, of which rows of each kind are lost in its middle: as many as fit least. */
export function lossy(items: readonly Recorded[]): readonly Recorded[] {
  const middle = items[Math.floor(items.length / 2)];
  if (middle === undefined) return items;
  const packetsBefore = items.filter((item) => 'packet' in item && item.at <= middle.at).length;
  const place = { from: middle.at - 2400, to: middle.at, afterPacket: packetsBefore };
  const losses: readonly Loss[] = [
    { process: 'coordinator', kind: 'packets', reason: 'queue_full', count: 1_234_567, ...place },
    { process: 'coordinator', kind: 'events', reason: 'queue_full', count: 23_456, ...place },
    { process: 'node-1', kind: 'events', reason: 'malformed', count: 345, ...place },
    { process: 'node-1', kind: 'packets', reason: 'malformed', count: 678, ...place },
    { process: 'service', kind: 'packets', reason: 'recorder_full', count: 12_345, ...place },
  ];
  const template = items.find((item) => 'event' in item);
  if (template === undefined || !('event' in template)) return items;
  const { run } = template.event;
  const told = losses.map((data, i): Recorded => {
    const event = { id: 1_000_000 + i, run, source: 'service', at: middle.at, type: 'rows_lost', data } as const;
    return { at: middle.at, event };
  });
  return [
    ...items.filter(({ at }) => at <= middle.at),
    ...told,
    ...items.filter(({ at }) => at > middle.at).map((item) => ('event' in item ? counted(item) : item)),
  ];
}

function counted(item: Extract<Recorded, { event: RecordedEvent }>): Recorded {
  const { event } = item;
  if (event.type !== 'recorder_stats') return item;
  const data = { ...event.data, droppedPackets: 1_246_912, droppedEvents: 23_456, malformed: 1023, cutBodies: 40 };
  return { ...item, event: { ...event, data } };
}
