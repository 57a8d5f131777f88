import { availableParallelism } from 'node:os';
import { BoundedQueue } from '#shared/base/bounded-queue.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { every } from '#shared/base/time/every.ts';
import { EventBus } from '#shared/base/event-bus.ts';
import { Diagnosis } from '#engine/diagnosis/diagnosis.ts';
import {
  parseEvent,
  type EventData,
  type EventType,
  type RecordedEvent,
  type RunEvent,
} from '#shared/contract/events.ts';
import type { RunId } from '#shared/contract/ids.ts';
import type { Loss, LostRows } from '#shared/contract/losses.ts';
import { isCut, packetSchema, type Packet, type PacketRow } from '#shared/contract/packet.ts';
import { applyEvent, emptyView } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import type { ChildBatch } from '#demo/supervised-child.ts';
import { LossLog } from './loss-log.ts';
import { diagnoseEveryMs } from '../replay/diagnose-again.ts';
import type { Opening } from './opening.ts';
import { PacketGaps } from './packet-gaps.ts';
import type { RunRecording } from './run-recording.ts';

/** The figures of the recorder are reported this often. */
const recorderStatsMs = 1000;
/** Newest packets kept for a renderer that (re)connects; older ones it queries from the recording. */
const recentPacketsMax = 20_000;

export type RunRows = { readonly event: RecordedEvent } | { readonly packet: PacketRow };

export interface RunHostOptions {
  readonly run: RunId;
  readonly opening: Opening;
  readonly clock: Clock;
  /** Null: nothing is recorded (the reason is shown). */
  readonly recording: RunRecording | null;
  readonly onInternalError: (error: unknown) => void;
}

/**
 * All that is known of one run, in one place: checks what the processes of the run report, numbers it, records it, folds
 * it into the view, lets the diagnosis read it, and passes it on to whoever watches. There is no second path.
 */
export class RunHost implements AsyncDisposable {
  readonly run: RunId;
  readonly rows: EventBus<RunRows>;
  readonly #options: RunHostOptions;
  readonly #diagnosis: Diagnosis;
  readonly #timers: readonly Disposable[];
  readonly #recent = new BoundedQueue<PacketRow>(recentPacketsMax, 'drop_oldest');
  readonly #settled = Promise.withResolvers<void>();
  #view: RunView;
  #eventId = 0;
  #packetId = 0;
  readonly #gaps = new PacketGaps();
  readonly #losses = new LossLog();
  /** Before they came here. */
  readonly #lost = { packets: 0, events: 0, malformed: 0, cutBodies: 0 };
  #finished = false;

  constructor(options: RunHostOptions) {
    this.run = options.run;
    this.#options = options;
    this.rows = new EventBus(options.onInternalError);
    this.#view = emptyView(options.run, options.clock.wallMs());
    this.#diagnosis = new Diagnosis(
      {
        raised: (verdict) => this.report('verdict_raised', verdict),
        cleared: (verdict) => this.report('verdict_cleared', verdict),
      },
      { cores: availableParallelism() },
    );
    // Told with the next tick: a row about lost rows may be lost as well.
    options.recording?.onLoss((loss) => this.#losses.add({ process: 'service', ...loss }));
    this.#timers = [
      every(options.clock, diagnoseEveryMs, () => this.#diagnosis.check(options.clock.wallMs())),
      every(options.clock, recorderStatsMs, () => this.#reportRecorder()),
    ];
  }

  get view(): RunView {
    return this.#view;
  }

  get opening(): Opening {
    return this.#options.opening;
  }

  /** Resolves when the run is over and what is recorded of it is on disk. */
  get finished(): Promise<void> {
    return this.#settled.promise;
  }

  get recording(): RunRecording | null {
    return this.#options.recording;
  }

  get packetsSeen(): number {
    return this.#packetId;
  }

  /** Newest packets, oldest first. */
  recentPackets(): readonly PacketRow[] {
    return this.#recent.snapshot();
  }

  /** Rows of the process `source`: each is checked by itself, a bad one is counted and the rest goes on. */
  ingest(source: string, batch: ChildBatch): void {
    this.#lostBefore(source, 'packets', batch.lostPackets);
    this.#lostBefore(source, 'events', batch.lostEvents);
    for (const candidate of batch.events) {
      const event = parseEvent(candidate);
      if (event === null || event.run !== this.run) this.malformed(source, 'events');
      else this.#takeEvent(event);
    }
    for (const candidate of batch.packets) {
      const packet = packetSchema.safeParse(candidate);
      if (packet.success) this.#takePacket(packet.data);
      else this.malformed(source, 'packets');
    }
  }

  /** A row of that process could not be read, or a whole message of it. */
  malformed(source: string, kind: Loss['kind']): void {
    this.#lost.malformed++;
    if (kind === 'packets') this.#gaps.lost(source);
    const at = this.#options.clock.wallMs();
    this.#noteLoss({
      process: source,
      kind,
      reason: 'malformed',
      count: 1,
      from: at,
      to: at,
      afterPacket: this.#packetId,
    });
  }

  /** An event of the service itself. */
  report<T extends EventType>(type: T, data: EventData<T>): void {
    this.#takeEvent({ type, run: this.run, source: 'service', at: this.#options.clock.wallMs(), data } as RunEvent);
  }

  /** The run is over: what is recorded is on disk, nothing more is measured; questions are still answered. */
  async finish(): Promise<void> {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    if (this.#finished) return;
    this.#finished = true;
    try {
      await this.#options.recording?.flush();
      this.#reportRecorder();
      await this.#options.recording?.flush();
    } finally {
      this.#settled.resolve();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
    await this.#options.recording?.[Symbol.asyncDispose]();
  }

  /** Once more now: so that what led to the end of a run is named before the run is closed. */
  check(): void {
    this.#diagnosis.check(this.#options.clock.wallMs());
  }

  #lostBefore(source: string, kind: Loss['kind'], lost: LostRows | null): void {
    if (lost === null) return;
    this.#lost[kind] += lost.count;
    if (kind === 'packets') this.#gaps.lost(source);
    this.#noteLoss({ process: source, kind, reason: 'queue_full', ...lost, afterPacket: this.#packetId });
  }

  #noteLoss(loss: Loss): void {
    const told = this.#losses.note(loss, this.#options.clock.monotonicMs());
    if (told !== null) this.report('rows_lost', told);
  }

  #tellLosses(): void {
    for (const loss of this.#losses.take(this.#options.clock.monotonicMs())) this.report('rows_lost', loss);
  }

  #takeEvent(event: RunEvent): void {
    // What the run ends with must find the verdicts that explain it.
    if (event.type === 'run_ended') this.check();
    const recorded: RecordedEvent = { ...event, id: ++this.#eventId };
    this.#options.recording?.event(recorded);
    this.#view = applyEvent(this.#view, recorded);
    this.#diagnosis.event(recorded);
    this.rows.emit({ event: recorded });
  }

  #takePacket(packet: Packet): void {
    const id = ++this.#packetId;
    const gapMs = this.#gaps.gapOf(packet);
    if (isCut(packet)) this.#lost.cutBodies++;
    this.#options.recording?.packet({ ...packet, id, gapMs });
    const { header: _header, bodySample: _bodySample, ...rest } = packet;
    const row: PacketRow = { ...rest, id, gapMs };
    this.#recent.push(row);
    this.#diagnosis.packet(row);
    this.rows.emit({ packet: row });
  }

  #reportRecorder(): void {
    this.#tellLosses();
    const { packets, events, malformed, cutBodies } = this.#lost;
    this.#options.recording?.lostBefore({ packets, events, malformed, cutBodies });
    const stats = this.#options.recording?.stats();
    if (stats === undefined) {
      this.report('recorder_stats', {
        sizeBytes: 0,
        packets: 0,
        events: 0,
        droppedPackets: packets,
        droppedEvents: events,
        malformed,
        cutBodies,
        state: 'off',
        note: 'nothing is recorded',
      });
      return;
    }
    this.report('recorder_stats', {
      ...stats,
      droppedPackets: stats.droppedPackets + packets,
      droppedEvents: stats.droppedEvents + events,
      malformed,
      cutBodies,
      state: this.#finished && stats.state === 'recording' ? 'recorded' : stats.state,
    });
  }
}
