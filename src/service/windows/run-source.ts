import type { RecordedEvent } from '#shared/contract/events.ts';
import type { PacketDetail, PacketRow } from '#shared/contract/packet.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import { liveSource, type RecordingMarks, type SourceState } from '#shared/contract/app/source.ts';
import { spawn } from '#shared/base/spawn.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import type { RunHost } from '../runs/run-host.ts';
import { tallyHeld } from './tally-held.ts';

/** Rows in the order of the recording. */
export interface SourceRows {
  readonly events: readonly RecordedEvent[];
  readonly packets: readonly PacketRow[];
  /** Rows between these that are in the recording and are not told. */
  readonly skippedPackets: number;
}

export interface SourceListener {
  /** All that was known of the source is replaced by what it is at now. */
  replaced(): void;
  /** A source that can wait tells no more before the promise is fulfilled. */
  rows(rows: SourceRows): Promise<void>;
  /** The state of the source has changed. */
  changed(): void;
}

/** What a window needs to know at once. */
export interface SourceMoment {
  readonly view: RunView | null;
  /** The newest, oldest first. */
  readonly packets: readonly PacketRow[];
  /** Up to the last of `packets`. */
  readonly packetsRecorded: number;
}

/** What a source can do beyond being looked at. */
export interface SourceCapabilities {
  /** The run goes on and takes commands. */
  readonly acts: boolean;
  /** It can be played, and looked at at any moment. */
  readonly seeks: boolean;
}

/** Where a window has its run from: one that goes on, or a recording. Views cannot tell which it is. Decision 0091. */
export interface RunSource extends AsyncDisposable {
  readonly capabilities: SourceCapabilities;
  state(): SourceState;
  moment(): SourceMoment;
  /** Returns what ends it. */
  listen(listener: SourceListener): Disposable;
  queryPackets(query: RequestOf<'query_packets'>): Promise<PortAnswers['query_packets']>;
  packetDetail(id: number): Promise<PacketDetail | null>;
  tallyPackets(query: RequestOf<'tally_packets'>): Promise<PortAnswers['tally_packets']>;
  /** What a participant has sent after a packet, of what is shown. */
  whatLeft(query: RequestOf<'what_left'>): Promise<PortAnswers['what_left']>;
  /** Where it seeks; each fails with `not_now` where it does not. */
  seek(at: number): Promise<void>;
  play(asked: RequestOf<'play'>): void;
  step(asked: RequestOf<'step'>): Promise<void>;
  marks(): Promise<RecordingMarks>;
}

/** The run that goes on, or has just ended; null: no run yet. */
export class LiveSource implements RunSource {
  readonly capabilities = { acts: true, seeks: false };
  readonly #host: RunHost | null;

  constructor(host: RunHost | null) {
    this.#host = host;
  }

  state(): SourceState {
    return liveSource;
  }

  moment(): SourceMoment {
    const host = this.#host;
    return {
      view: host?.view ?? null,
      packets: host?.recentPackets() ?? [],
      packetsRecorded: host?.packetsSeen ?? 0,
    };
  }

  /** A run does not wait for who watches it: what a window is too slow for is for that window to leave out. */
  listen(listener: SourceListener): Disposable {
    const told = this.#host?.rows.subscribe((row) => {
      const rows =
        'event' in row
          ? { events: [row.event], packets: [], skippedPackets: 0 }
          : { events: [], packets: [row.packet], skippedPackets: 0 };
      spawn('telling a window', listener.rows(rows));
    });
    return { [Symbol.dispose]: () => told?.[Symbol.dispose]() };
  }

  queryPackets(query: RequestOf<'query_packets'>): Promise<PortAnswers['query_packets']> {
    return this.#recording.queryPackets(query, this);
  }

  packetDetail(id: number): Promise<PacketDetail | null> {
    return this.#recording.packetDetail(id);
  }

  async tallyPackets(query: RequestOf<'tally_packets'>): Promise<PortAnswers['tally_packets']> {
    const host = this.#host;
    if (host === null) return { ...tallyHeld([], query), unrecorded: 0 };
    if (host.recording !== null)
      return { ...(await host.recording.tallyPackets({ ...query, beforeId: 0 })), unrecorded: 0 };
    const held = host.recentPackets();
    return { ...tallyHeld(held, query), unrecorded: host.packetsSeen - held.length };
  }

  whatLeft({ participant, afterId }: RequestOf<'what_left'>): Promise<PortAnswers['what_left']> {
    return this.#recording.sent({ source: participant, afterId });
  }

  seek(): Promise<void> {
    throw goesOn();
  }

  play(): void {
    throw goesOn();
  }

  step(): Promise<void> {
    throw goesOn();
  }

  marks(): Promise<RecordingMarks> {
    throw goesOn();
  }

  /** Nothing of the run is its own. */
  async [Symbol.asyncDispose](): Promise<void> {}

  get #recording(): NonNullable<RunHost['recording']> {
    const recording = this.#host?.recording;
    if (recording !== undefined && recording !== null) return recording;
    throw new RoundscopeError('not_running', {
      layer: 'recorder',
      message:
        this.#host === null
          ? 'There is no recording yet: no run has been started.'
          : 'This run is not recorded; the notice at its start says why.',
    });
  }
}

function goesOn(): RoundscopeError {
  return new RoundscopeError('not_now', {
    layer: 'service',
    message: 'This window shows a run that goes on. Open a recording to move in time.',
  });
}
