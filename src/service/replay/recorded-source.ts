import { BoundedQueue } from '#shared/base/bounded-queue.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import { EventBus } from '#shared/base/event-bus.ts';
import { roughDuration } from '#shared/base/text/duration.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { PacketDetail, PacketRow } from '#shared/contract/packet.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import type { RecordingMarks, RecordingState } from '#shared/contract/app/source.ts';
import { recorderError } from '#engine/recorder/errors.ts';
import type { FoldedState, SetBack } from '#engine/recorder/folded-state.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { readMarks } from '../library/recording-marks.ts';
import { RecordingTimeline, timelinePacketsMax, type PacketPlace } from './recording-timeline.ts';
import type { RunSource, SourceListener, SourceMoment, SourceRows } from '../windows/run-source.ts';

/** How often a playing recording goes on: as often as a window takes batches. */
const tickMs = 100;
/** A window that is slow, or a step that takes long, makes the recording slow, not jump: at most so long goes by in a step. */
const stepMsMax = 4 * tickMs;

/** Up to where the recording has been played: all events and packets up to these ids. */
interface Position extends FoldedState, PacketPlace {
  readonly at: number;
}

export interface RecordedSourceOptions {
  readonly clock: Clock;
  readonly behind: () => RecordingState['behind'];
  readonly onInternalError: (error: unknown) => void;
}

/**
 * A recording as a source of a window: what was known at a moment is folded from the nearest state that is kept before it.
 * One thing is done at a time; of moments that are asked for meanwhile only the newest counts.
 */
export class RecordedSource implements RunSource {
  readonly capabilities = { acts: false, seeks: true };
  readonly #recording: OpenedRecording;
  readonly #options: RecordedSourceOptions;
  readonly #from: number;
  #to: number;
  readonly #timeline: RecordingTimeline;
  readonly #recent = new BoundedQueue<PacketRow>(2 * timelinePacketsMax, 'drop_oldest');
  readonly #changes: EventBus<'changed' | 'replaced'>;
  readonly #listeners = new Set<SourceListener>();
  #position: Position;
  #speed = 1;
  #playing = false;
  /** When the last step of playing was done, by the monotonic clock. */
  #steppedMs = 0;
  #timer: Disposable | null = null;
  #wanted: (() => Promise<void>) | null = null;
  #working: Promise<void> | null = null;
  /** Fulfilled when all who listen have room for more of what is played. */
  #taken: Promise<unknown> = Promise.resolve();
  #fault: ErrorReport | null = null;
  #marks: Promise<RecordingMarks> | null = null;
  #closed = false;

  constructor(recording: OpenedRecording, options: RecordedSourceOptions) {
    this.#recording = recording;
    this.#options = options;
    this.#changes = new EventBus(options.onInternalError);
    const { firstAt, lastAt, startedAt, ended, cut } = recording.brief;
    this.#from = firstAt ?? startedAt;
    // A file that was cut knows when its run ended, and has nothing to show of it.
    const endedAt = cut === null ? (ended?.at ?? this.#from) : this.#from;
    this.#to = Math.max(this.#from, lastAt ?? this.#from, endedAt);
    this.#timeline = new RecordingTimeline(recording, this.#from);
    this.#position = { at: this.#from, ...this.#timeline.beginning, packetId: 0, firstPacketId: 0 };
  }

  state(): RecordingState {
    const { path, brief } = this.#recording;
    return {
      kind: 'recording',
      path,
      from: this.#from,
      to: this.#to,
      clock: { at: this.#position.at, rate: this.#playing ? this.#speed : 0 },
      playing: this.#playing,
      speed: this.#speed,
      reading: this.#working !== null && !this.#playing,
      ending: [brief.ending, ...setBackWords(this.#timeline.setBack)].join(' '),
      sizeBytes: brief.sizeBytes,
      malformed: this.#timeline.malformed,
      fault: this.#fault,
      behind: this.#options.behind(),
    };
  }

  moment(): SourceMoment {
    const { view, packetId, firstPacketId } = this.#position;
    const packetsRecorded = firstPacketId === 0 ? 0 : packetId - firstPacketId + 1;
    return { view, packets: this.#recent.snapshot(), packetsRecorded };
  }

  listen(listener: SourceListener): Disposable {
    this.#listeners.add(listener);
    const changes = this.#changes.subscribe((what) => listener[what]());
    return {
      [Symbol.dispose]: () => {
        changes[Symbol.dispose]();
        this.#listeners.delete(listener);
      },
    };
  }

  /** What is behind the moment that is shown is not told. */
  queryPackets(query: RequestOf<'query_packets'>): Promise<PortAnswers['query_packets']> {
    const end = this.#position.packetId + 1;
    const beforeId = query.beforeId === 0 ? end : Math.min(query.beforeId, end);
    return this.#recording.queryPackets({ ...query, beforeId }, this);
  }

  async packetDetail(id: number): Promise<PacketDetail | null> {
    return id > this.#position.packetId ? null : await this.#recording.packetDetail(id);
  }

  async tallyPackets(query: RequestOf<'tally_packets'>): Promise<PortAnswers['tally_packets']> {
    const beforeId = this.#position.packetId + 1;
    return { ...(await this.#recording.tallyPackets({ ...query, beforeId })), unrecorded: 0 };
  }

  /** Where the moment that is shown lies before what was counted, counting begins again. */
  whatLeft({ participant, afterId }: RequestOf<'what_left'>): Promise<PortAnswers['what_left']> {
    const beforeId = this.#position.packetId + 1;
    return this.#recording.sent({ source: participant, afterId: afterId >= beforeId ? 0 : afterId, beforeId });
  }

  seek(at: number): Promise<void> {
    const target = Math.min(Math.max(at, this.#from), this.#to);
    return this.#do(() => this.#goTo(target));
  }

  play({ playing, speed }: RequestOf<'play'>): void {
    if (speed !== undefined) this.#speed = speed;
    this.#steppedMs = this.#options.clock.monotonicMs();
    this.#setPlaying(playing && this.#fault === null);
    this.#changes.emit('changed');
    // At the end there is nothing left to play.
    if (this.#playing && this.#position.at >= this.#to) {
      spawn('going back to the beginning of a recording', this.seek(this.#from));
    }
  }

  async step({ to, forward }: RequestOf<'step'>): Promise<void> {
    this.#setPlaying(false);
    if (to === 'event') return await this.#do(() => this.#goToEvent(forward));
    const { rounds, verdicts } = await this.marks();
    const marks = (to === 'round' ? rounds : verdicts).map(({ from }) => from).toSorted((a, b) => a - b);
    const { at } = this.#position;
    const target = forward
      ? (marks.find((mark) => mark > at) ?? this.#to)
      : (marks.findLast((mark) => mark < at) ?? this.#from);
    await this.seek(target);
  }

  marks(): Promise<RecordingMarks> {
    this.#marks ??= readMarks(this.#recording).catch((error: unknown) => {
      // Asked for again, it may go.
      this.#marks = null;
      throw error;
    });
    return this.#marks;
  }

  /** Resolves when nothing is being read. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#setPlaying(false);
    this.#wanted = null;
    await this.#working;
    await this.#recording[Symbol.asyncDispose]();
  }

  /** Something newer is asked for. */
  readonly #isOverruled = (): boolean => this.#wanted !== null || this.#closed;

  /** Resolves when this was done, or something newer was asked for. */
  #do(what: () => Promise<void>): Promise<void> {
    this.#wanted = what;
    this.#working ??= this.#work();
    this.#changes.emit('changed');
    return this.#working;
  }

  async #work(first: (() => Promise<void>) | null = null): Promise<void> {
    // It begins in a turn of its own, so that `#working` is there before it is done.
    await Promise.resolve();
    try {
      if (first !== null) await first();
      for (let next = this.#wanted; next !== null && !this.#closed; next = this.#wanted) {
        this.#wanted = null;
        await next();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#working = null;
      this.#steppedMs = this.#options.clock.monotonicMs();
      this.#changes.emit('changed');
    }
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#fault = toErrorReport(recorderError(error, this.#recording.path, 'reading'));
    this.#setPlaying(false);
  }

  async #goTo(at: number): Promise<void> {
    const isEnd = at >= this.#to;
    const until = isEnd ? Number.POSITIVE_INFINITY : at;
    const folded = await this.#timeline.stateAt(until, this.#position, this.#isOverruled);
    if (folded === null) return;
    // Where a clock was set back the last row is not the latest.
    if (isEnd) this.#to = Math.max(this.#to, folded.dueAt);
    await this.#arrive(isEnd ? this.#to : at, folded);
  }

  async #goToEvent(forward: boolean): Promise<void> {
    const { eventId, at } = this.#position;
    const target = await this.#timeline.eventBeside(eventId, forward);
    if (target === null) return await this.#goTo(forward ? this.#to : this.#from);
    const folded = await this.#timeline.stateAfter(target, forward ? this.#position : null, this.#isOverruled);
    if (folded !== null) await this.#arrive(this.#within(forward ? Math.max(folded.dueAt, at) : folded.dueAt), folded);
  }

  #within(at: number): number {
    return Math.min(Math.max(at, this.#from), this.#to);
  }

  async #arrive(at: number, folded: FoldedState): Promise<void> {
    const { first, last, rows } = await this.#timeline.packetsBefore(at);
    const { eventId, dueAt, view, setBack } = folded;
    this.#position = { eventId, dueAt, view, setBack, at, packetId: last, firstPacketId: first };
    this.#recent.drain();
    for (const row of rows) this.#recent.push(row);
    this.#changes.emit('replaced');
  }

  #setPlaying(playing: boolean): void {
    this.#playing = playing;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (playing) this.#schedule();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.timer(tickMs, () => {
      this.#timer = null;
      spawn('playing a recording', this.#tick());
    });
  }

  async #tick(): Promise<void> {
    const now = this.#options.clock.monotonicMs();
    const passedMs = Math.min(now - this.#steppedMs, stepMsMax) * this.#speed;
    // A moment that was asked for comes first.
    this.#working ??= this.#work(() => this.#advance(Math.min(this.#position.at + passedMs, this.#to)));
    await this.#working;
    await this.#taken;
    if (!this.#playing || this.#timer !== null || this.#closed) return;
    if (this.#position.at < this.#to) return this.#schedule();
    this.#setPlaying(false);
    this.#changes.emit('changed');
  }

  async #advance(at: number): Promise<void> {
    const { events, state } = await this.#timeline.eventsUntil(at, this.#position);
    const { rows, skipped, ...ids } = await this.#timeline.packetsUntil(at, this.#position);
    if (this.#isOverruled()) return;
    this.#position = { ...state, ...ids, at };
    for (const row of rows) this.#recent.push(row);
    if (events.length + rows.length + skipped === 0) return;
    const told: SourceRows = { events, packets: rows, skippedPackets: skipped };
    this.#taken = Promise.all([...this.#listeners].map((listener) => listener.rows(told)));
  }
}

function setBackWords(setBack: SetBack | null): readonly string[] {
  if (setBack === null) return [];
  const { at, byMs } = setBack;
  return [
    `A clock was set back by ${roughDuration(byMs)} at ${new Date(at).toTimeString().slice(0, 8)}: ` +
      'what came after that stands at that moment until its own time is later.',
  ];
}
