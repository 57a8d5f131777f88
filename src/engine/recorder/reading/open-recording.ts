import type { PacketTally } from '#shared/contract/app/tally.ts';
import type { PacketDetail } from '#shared/contract/packet.ts';
import type { CopyOptions } from '../copy.ts';
import type { FoldedState } from '../folded-state.ts';
import type { CountQuery, PacketCount, PacketPage, PacketQuery } from '../packet-queries.ts';
import type { TallyQuery } from '../packet-tally.ts';
import type { EventQuery, KeptStateQuery, RecordingBrief, RecordingInfo, SentPage, SentQuery } from './reader.ts';
import { ReadingThread, type Asker } from './reading-thread.ts';
import type { QueryAnswer } from '../writing/worker-protocol.ts';

/** A recording that is there, for `packets`, `replay`, `diagnose`: read-only, whatever state its recorder left it in. */
export interface OpenedRecording extends AsyncDisposable {
  readonly path: string;
  /** As it was when it was opened. */
  readonly brief: RecordingBrief;
  /** The same as it is now. */
  look(): Promise<RecordingBrief>;
  info(): Promise<RecordingInfo>;
  /** @param asker of its questions only the newest counts; those before it fail with `not_now` */
  queryPackets(query: PacketQuery, asker?: Asker): Promise<PacketPage>;
  countPackets(query: CountQuery): Promise<PacketCount>;
  packetsUntil(at: number, beforeId?: number): Promise<QueryAnswer<'packetsUntil'>>;
  packetSetBack(byMs: number): Promise<number | null>;
  packetDetail(id: number): Promise<PacketDetail | null>;
  /** One answer takes little time: it may have to be asked for again until it is complete. */
  tallyPackets(query: TallyQuery): Promise<PacketTally>;
  sent(query: SentQuery): Promise<SentPage>;
  events(query: EventQuery): Promise<QueryAnswer<'events'>>;
  /** The last state that this machine has kept in it and that was due until a moment, or after an event; null: none. */
  keptState(until: KeptStateQuery): Promise<FoldedState | null>;
  saveCopy(path: string, options: CopyOptions): Promise<{ readonly sizeBytes: number }>;
}

export interface OpenOptions {
  readonly entry: string;
  /** Of this machine; absent: no kept state is trusted (decision 0101). */
  readonly stateKey?: Uint8Array | undefined;
}

/**
 * Decision 0080.
 * @throws RoundscopeError `recording_invalid`, `path_unwritable`
 */
export async function openRecording(path: string, options: OpenOptions): Promise<OpenedRecording> {
  const reader = await ReadingThread.open(options.entry, path, options.stateKey);
  try {
    const brief = await reader.ask('brief');
    return {
      path,
      brief,
      look: () => reader.ask('brief'),
      info: () => reader.ask('info'),
      queryPackets: (query, asker) =>
        asker === undefined ? reader.ask('queryPackets', query) : reader.askAnew(asker, 'queryPackets', query),
      countPackets: (query) => reader.ask('countPackets', query),
      packetsUntil: (at, beforeId) => reader.ask('packetsUntil', at, beforeId),
      packetSetBack: (byMs) => reader.ask('packetSetBack', byMs),
      packetDetail: (id) => reader.ask('packetDetail', id),
      tallyPackets: (query) => reader.ask('tallyPackets', query),
      sent: (query) => reader.ask('sent', query),
      events: (query) => reader.ask('events', query),
      keptState: (until) => reader.ask('keptState', until),
      saveCopy: (to, copied) => reader.ask('saveCopy', to, copied),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}
