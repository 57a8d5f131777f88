import type { Clock } from '#shared/base/clock.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { classOf, type Carrier, type SessionWord } from '../credited/carrier.ts';
import { CreditedSession } from '../credited/credited-session.ts';
import type { PartsReader, PieceHeader } from '../credited/piece.ts';
import { abortable } from '../abortable.ts';
import { sessionEnded } from '../session-errors.ts';
import type { CloseReason, Lane } from '../transport.ts';
import { pieceFlags, pieceOf, sessionLane, sessionLaneNumber } from './sample-piece.ts';
import { decodeSessionMessage, encodeSessionMessage, type SessionMessage } from './session-message.ts';
import { topicNames, type SampleBody, type SampleClass, type Side } from './worker-protocol.ts';

/** The session's four topics, as the thread that has them offers them. */
export interface SampleChannel {
  send(to: SampleClass, sample: SampleBody): void;
  /** Resolves when they are given up; `drainMs` for what was sent to arrive. */
  close(drainMs: number): Promise<void>;
  /** Without a word to anybody. */
  cut(): Promise<void>;
}

export interface DdsCarrierOptions {
  readonly channel: SampleChannel;
  readonly side: Side;
  readonly remote: string;
  /** As `Session.channel`. */
  readonly binding: string;
  /** Largest body of one sample. */
  readonly sampleBytes: number;
  readonly clock: Clock;
  /** Lets go of what the session used beside its channel; called once, after the channel is closed. */
  readonly release: () => Promise<void>;
}

/** A session over topics of its own partition; both ends run this same code. */
export class DdsCarrier implements Carrier {
  readonly protocol = 'dds';
  readonly stack = 'cyclonedds';
  readonly remote: string;
  readonly channel: string;
  readonly pieceBytes: number;
  readonly windowBytes = { control: limits.ddsControlWindowBytes, bulk: limits.ddsBulkWindowBytes };
  /** DDS itself tells no round-trip time. */
  readonly rttMs = null;
  readonly session: CreditedSession;
  /** The other end has the session's key and hears us. */
  readonly ready = Promise.withResolvers<void>();
  readonly #options: DdsCarrierOptions;
  readonly #sent = { control: 0, bulk: 0 };
  readonly #received = { control: 0, bulk: 0 };
  #nextTold = 0;
  #nextHeard = 0;
  #forged = 0;
  /** The peer's farewell, while bulk samples that it sent before are still to come. */
  #farewell: Extract<SessionMessage, { type: 'close' }> | null = null;
  #patience: Disposable | null = null;

  constructor(options: DdsCarrierOptions) {
    this.#options = options;
    this.remote = options.remote;
    this.channel = options.binding;
    this.pieceBytes = options.sampleBytes;
    this.session = new CreditedSession(this, options.clock);
  }

  /** Chunks of which each fits into one sample with its frame's header. */
  get chunkBytes(): number {
    return Math.max(1024, this.#options.sampleBytes - 4096);
  }

  streamOf(lane: Lane): string {
    return topicOf(lane, this.#options.side);
  }

  /** Given to the thread at once, which never fails to take it: credit bounds what is under way. */
  send(lane: Lane, piece: PieceHeader, body: { readonly parts: PartsReader; readonly bytes: number }): Promise<void> {
    const bytes = Buffer.allocUnsafeSlow(body.bytes);
    body.parts.read(bytes, 0, body.bytes);
    const { lane: laneNumber, sequence: number, frameBytes } = piece;
    this.#write(classOf(lane), { lane, laneNumber, number, flags: pieceFlags(piece), frameBytes, bytes });
    return Promise.resolve();
  }

  tell(word: SessionWord): Promise<void> {
    this.#tell(word.type === 'close' ? { ...word, samples: this.#sent.bulk } : word);
    return Promise.resolve();
  }

  /**
   * The participant's first word, until the coordinator's is heard: a writer may know of its reader before the reader
   * knows of the writer, and what is written between is lost without a sign. Nothing else is said before.
   */
  async greet(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const timers = new DisposableStack();
    using _over = timers;
    const say = (againMs: number): void => {
      this.#say({ type: 'ready' }, 0);
      timers.use(clock.timer(againMs, () => say(Math.min(2 * againMs, timing.ddsReadyMaxMs))));
    };
    this.#nextTold = 1;
    say(timing.ddsReadyFirstMs);
    const ended = this.session.closed.then((end) => {
      throw sessionEnded(end);
    });
    await abortable(Promise.race([this.ready.promise, ended]), signal);
  }

  /** The coordinator's first word: it has heard the participant's, which was said when all that it reads was found. */
  answerReady(): void {
    this.#tell({ type: 'ready' });
  }

  counters(): readonly { readonly name: string; readonly value: number }[] {
    return [
      { name: 'samples_sent', value: this.#sent.control + this.#sent.bulk },
      { name: 'samples_received', value: this.#received.control + this.#received.bulk },
      { name: 'samples_forged', value: this.#forged },
    ];
  }

  async release({ abrupt, code, local }: CloseReason & { readonly abrupt: boolean }): Promise<void> {
    this.#patience?.[Symbol.dispose]();
    const { channel, release } = this.#options;
    if (abrupt && code === 'aborted') await channel.cut();
    else await channel.close(local && !abrupt ? timing.closeTimeoutMs : 0);
    await release();
  }

  /** Samples of the peer, their tags verified. */
  receive(from: SampleClass, samples: readonly SampleBody[], forged: number): void {
    this.#forged += forged;
    for (const sample of samples) {
      if (this.session.ended) return;
      this.#received[from]++;
      if (sample.lane === sessionLane) this.#onTold(sample);
      else this.#onPiece(from, sample);
    }
    if (this.#farewell !== null && this.#received.bulk >= this.#farewell.samples) this.session.told(this.#farewell);
  }

  #tell(message: SessionMessage): void {
    this.#say(message, this.#nextTold++);
  }

  #say(message: SessionMessage, number: number): void {
    this.#write('control', {
      lane: sessionLane,
      laneNumber: sessionLaneNumber,
      number,
      flags: 0,
      frameBytes: 0,
      bytes: encodeSessionMessage(message),
    });
  }

  #write(to: SampleClass, sample: SampleBody): void {
    this.#sent[to]++;
    this.#options.channel.send(to, sample);
  }

  #onPiece(from: SampleClass, sample: SampleBody): void {
    const piece = pieceOf(sample);
    const lane = sample.lane as Lane;
    if (piece === null || classOf(lane) !== from)
      return this.session.broken(`a sample of lane ${sample.lane.slice(0, 80)} is none of this protocol`);
    this.session.take(lane, topicOf(lane, this.#options.side === 'up' ? 'down' : 'up'), piece);
  }

  #onTold(sample: SampleBody): void {
    if (sample.number < this.#nextHeard) return;
    if (sample.number > this.#nextHeard) return this.session.lost('messages of the session were lost');
    this.#nextHeard++;
    const message = decodeSessionMessage(sample.bytes);
    if (message === null) return this.session.broken('a session message is malformed');
    if (message.type === 'ready') return this.ready.resolve();
    if (message.type === 'credit') return this.session.told(message);
    this.#farewell = message;
    // What has not come by then will not: the peer keeps its topics no longer than this.
    this.#patience = this.#options.clock.timer(timing.closeTimeoutMs, () => this.session.told(message));
  }
}

function topicOf(lane: Lane, side: Side): string {
  return lane === 'control'
    ? `${topicNames.control}_${side}`
    : `${topicNames.bulk}_${side} ${lane.slice('bulk:'.length)}`;
}
