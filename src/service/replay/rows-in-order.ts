import type { RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';

const pageRows = 1000;

export type RecordedRow = { readonly event: RecordedEvent } | { readonly packet: PacketRow };

type Reading = Pick<OpenedRecording, 'events' | 'queryPackets'>;

/** Rows that are read, and those that could not be. */
export interface RowCount {
  malformed: number;
}

export interface RowsWanted {
  /** By their own time; absent: all. */
  readonly fromAt?: number | undefined;
}

/** Events and packets, each in the order of the recording, as one by their times; a page of each is in memory. */
export async function* rowsInOrder(
  recording: Reading,
  wanted: RowsWanted,
  count: RowCount,
): AsyncGenerator<RecordedRow, undefined> {
  const events = eventsInOrder(recording, wanted, count);
  const packets = packetsInOrder(recording, wanted, count);
  let [event, packet] = [await events.next(), await packets.next()];
  while (event.done !== true || packet.done !== true) {
    const isNext = packet.done === true || (event.done !== true && event.value.event.at <= packet.value.packet.at);
    if (isNext && event.done !== true) {
      yield event.value;
      event = await events.next();
    } else if (packet.done !== true) {
      yield packet.value;
      packet = await packets.next();
    }
  }
}

export async function* packetsInOrder(
  recording: Pick<Reading, 'queryPackets'>,
  { fromAt }: RowsWanted,
  count: RowCount,
): AsyncGenerator<{ readonly packet: PacketRow }, undefined> {
  for (let afterId = 0; ;) {
    const page = await recording.queryPackets({ filter: '', beforeId: 0, afterId, limit: pageRows, fromAt });
    count.malformed += page.malformed;
    for (const packet of page.rows) yield { packet };
    const last = page.rows.at(-1);
    if (!page.more || last === undefined) return;
    afterId = last.id;
  }
}

async function* eventsInOrder(
  recording: Pick<Reading, 'events'>,
  { fromAt }: RowsWanted,
  count: RowCount,
): AsyncGenerator<{ readonly event: RecordedEvent }, undefined> {
  for (let afterId = 0; ;) {
    const page = await recording.events({ afterId, limit: pageRows });
    count.malformed += page.malformed;
    for (const event of page.events) if (fromAt === undefined || event.at >= fromAt) yield { event };
    const last = page.events.at(-1);
    if (!page.more || last === undefined) return;
    afterId = last.id;
  }
}
