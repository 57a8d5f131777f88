import type { RequestOf } from '#shared/contract/app/port-api.ts';
import type { PacketTally } from '#shared/contract/app/tally.ts';
import type { RecordedEvent } from '#shared/contract/events.ts';
import type { Loss, LossTotals } from '#shared/contract/losses.ts';
import type { SentTally } from '#shared/run-view/sent-tally.ts';
import type { PacketDetail, PacketRow } from '#shared/contract/packet.ts';

/** What the service asks of a recording; `engine/recorder` implements it, a test may do with less. */
export interface RunRecording extends AsyncDisposable {
  readonly path: string;
  event(event: RecordedEvent): void;
  packet(packet: PacketDetail): void;
  /** What was lost before it could be given to the recording, in all so far. */
  lostBefore(totals: LossTotals): void;
  /** Tells of rows that were given to it and are not in the recording. */
  onLoss(listener: (loss: Omit<Loss, 'process'>) => void): void;
  stats(): RecordingStats;
  /** @param asker of its questions only the newest counts */
  queryPackets(
    query: {
      readonly filter: string;
      readonly beforeId: number;
      readonly limit: number;
      readonly fromAt?: number | undefined;
      readonly toAt?: number | undefined;
    },
    asker?: object,
  ): Promise<{ readonly rows: readonly PacketRow[]; readonly more: boolean; readonly filterError: string | null }>;
  packetDetail(id: number): Promise<PacketDetail | null>;
  /** @param query of rows before `beforeId`; 0: of all */
  tallyPackets(query: RequestOf<'tally_packets'> & { readonly beforeId: number }): Promise<PacketTally>;
  /** What the process `source` has sent, counted, a part of the recording at a time. */
  sent(query: {
    readonly source: string;
    readonly afterId: number;
    readonly beforeId?: number | undefined;
  }): Promise<{ readonly tally: SentTally; readonly from: number; readonly upTo: number; readonly more: boolean }>;
  saveCopy(
    path: string,
    options: { readonly minutes?: number | undefined; readonly bare?: boolean | undefined },
  ): Promise<{ readonly sizeBytes: number }>;
  flush(): Promise<void>;
}

export interface RecordingStats {
  readonly sizeBytes: number;
  readonly packets: number;
  readonly events: number;
  readonly droppedPackets: number;
  readonly droppedEvents: number;
  readonly state: 'recording' | 'recorded' | 'off' | 'failing';
  readonly note: string;
}
