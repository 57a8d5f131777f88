import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { FrameQueue } from '../frame-queue.ts';
import { CreditGate, CreditMeter, pieceCost } from '../mqtt/credit.ts';
import { LaneAssembler } from '../mqtt/lane-assembler.ts';
import { LaneSender, type SendingLane } from '../mqtt/lane-sender.ts';
import { PartsReader } from '../mqtt/piece.ts';
import { sessionEnded } from '../session-errors.ts';
import type {
  CloseReason,
  IncomingFrame,
  Lane,
  OutgoingFrame,
  SentFrame,
  Session,
  SessionStats,
} from '../transport.ts';
import { pieceOf, pieceFlags, sessionLane, sessionLaneNumber } from './sample-piece.ts';
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

export interface DdsSessionOptions {
  /** Names its partition, with run and participant. */
  readonly id: string;
  readonly channel: SampleChannel;
  readonly side: Side;
  readonly remote: string;
  /** Largest body of one sample. */
  readonly sampleBytes: number;
  readonly clock: Clock;
  /** Lets go of what the session used beside its channel; called once, after the channel is closed. */
  readonly release: () => Promise<void>;
}

interface QueuedFrame {
  readonly frame: IncomingFrame;
  readonly cost: number;
}

/** A session over topics of its own partition; both ends run this same code. */
export class DdsSession implements Session {
  readonly protocol = 'dds';
  readonly stack = 'cyclonedds';
  readonly peerIdentity = null;
  readonly id: string;
  readonly remote: string;
  readonly closed: Promise<CloseReason>;
  /** The other end has the session's key and hears us. */
  readonly ready = Promise.withResolvers<void>();
  readonly #options: DdsSessionOptions;
  readonly #lanes = new LaneSender();
  readonly #assembler = new LaneAssembler();
  readonly #queue: FrameQueue<QueuedFrame>;
  readonly #gates = {
    control: new CreditGate(limits.ddsControlWindowBytes),
    bulk: new CreditGate(limits.ddsBulkWindowBytes),
  };
  readonly #meters = {
    control: new CreditMeter(limits.ddsControlWindowBytes),
    bulk: new CreditMeter(limits.ddsBulkWindowBytes),
  };
  readonly #read = { control: 0, bulk: 0 };
  readonly #sent = { control: 0, bulk: 0 };
  readonly #received = { control: 0, bulk: 0 };
  readonly #resolveClosed: (reason: CloseReason) => void;
  #nextTold = 0;
  #nextHeard = 0;
  #forged = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  #end: CloseReason | null = null;
  #closing: Promise<void> | null = null;
  #released: Promise<void> = Promise.resolve();
  /** The peer's farewell, while bulk samples that it sent before are still to come. */
  #farewell: Extract<SessionMessage, { type: 'close' }> | null = null;
  #patience: Disposable | null = null;

  constructor(options: DdsSessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.remote = options.remote;
    this.#queue = new FrameQueue((item) => this.#giveBack(classOf(item.frame.lane), item.cost));
    const closed = Promise.withResolvers<CloseReason>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
  }

  /** Chunks of which each fits into one sample with its frame's header. */
  get chunkBytes(): number {
    return Math.max(1024, this.#options.sampleBytes - 4096);
  }

  async *frames(): AsyncIterable<IncomingFrame> {
    for await (const { frame } of this.#queue) yield frame;
  }

  async send(frame: OutgoingFrame, { signal }: { readonly signal: AbortSignal }): Promise<SentFrame> {
    signal.throwIfAborted();
    this.#throwIfEnded();
    const parts = new PartsReader(frame.parts);
    if (parts.totalBytes > limits.frameBytesMax) {
      throw new RoundscopeError('frame_too_large', {
        layer: 'transport',
        message: `frame of ${parts.totalBytes} bytes exceeds the limit of ${limits.frameBytesMax}`,
      });
    }
    await this.#lanes.inTurn(frame.lane, signal, (lane) => this.#sendPieces(frame, parts, { lane, signal }));
    this.#sentBytes += parts.totalBytes;
    return { stream: this.#topic(frame.lane, this.#options.side) };
  }

  stats(): SessionStats {
    return {
      rttMs: null,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      counters: [
        { name: 'samples_sent', value: this.#sent.control + this.#sent.bulk },
        { name: 'samples_received', value: this.#received.control + this.#received.bulk },
        { name: 'samples_forged', value: this.#forged },
        { name: 'duplicates_discarded', value: this.#assembler.duplicates },
        { name: 'credit_waits', value: this.#gates.control.waits + this.#gates.bulk.waits },
        { name: 'frames_unread', value: this.#queue.length },
      ],
    };
  }

  close(code: string, reason: string): Promise<void> {
    this.#closing ??= this.#close(code, reason);
    return this.#closing;
  }

  abort(): void {
    this.#finish({ code: 'aborted', reason: 'cut off at this end', local: true }, 'cut');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close('clean', 'session disposed');
  }

  /** The peer, or the thread that carries the session, is gone without a word. */
  lost(reason: string): void {
    this.#finish({ code: 'lost', reason, local: false }, 0);
  }

  tell(message: SessionMessage): void {
    this.#write('control', {
      lane: sessionLane,
      laneNumber: sessionLaneNumber,
      number: this.#nextTold++,
      flags: 0,
      frameBytes: 0,
      bytes: encodeSessionMessage(message),
    });
  }

  /** Samples of the peer, their tags verified. */
  receive(from: SampleClass, samples: readonly SampleBody[], forged: number): void {
    this.#forged += forged;
    for (const sample of samples) {
      if (this.#end !== null) return;
      this.#received[from]++;
      if (sample.lane === sessionLane) this.#onTold(sample);
      else this.#onPiece(from, sample);
    }
    if (this.#farewell !== null) this.#leaveIfAllCame(this.#farewell);
  }

  #topic(lane: Lane, side: Side): string {
    return lane === 'control'
      ? `${topicNames.control}_${side}`
      : `${topicNames.bulk}_${side} ${lane.slice('bulk:'.length)}`;
  }

  #throwIfEnded(): void {
    if (this.#end !== null) throw sessionEnded(this.#end);
    if (this.#closing !== null)
      throw sessionEnded({ code: 'clean', reason: 'the session is being closed', local: true });
  }

  async #sendPieces(
    frame: OutgoingFrame,
    parts: PartsReader,
    way: { readonly lane: SendingLane; readonly signal: AbortSignal },
  ): Promise<void> {
    const { lane, signal } = way;
    const to = classOf(frame.lane);
    const frameBytes = parts.totalBytes;
    const laneEnd = frame.last === true;
    let at = 0;
    do {
      const bodyBytes = Math.min(this.#options.sampleBytes, frameBytes - at);
      const ends = { first: at === 0, last: at + bodyBytes === frameBytes };
      try {
        await this.#gates[to].acquire(pieceCost(ends, bodyBytes), signal);
        this.#throwIfEnded();
      } catch (error) {
        if (at > 0) this.#abandon(frame.lane, lane, laneEnd);
        throw error;
      }
      const bytes = Buffer.allocUnsafeSlow(bodyBytes);
      parts.read(bytes, 0, bodyBytes);
      this.#writePiece(frame.lane, lane, {
        flags: pieceFlags({ ...ends, laneEnd, abandon: false }),
        frameBytes,
        bytes,
      });
      at += bodyBytes;
    } while (at < frameBytes);
    lane.ended = laneEnd;
  }

  #abandon(name: Lane, lane: SendingLane, laneEnd: boolean): void {
    if (this.#end !== null) return;
    const flags = pieceFlags({ first: false, last: false, laneEnd, abandon: true });
    this.#writePiece(name, lane, { flags, frameBytes: 0, bytes: new Uint8Array(0) });
    lane.ended = laneEnd;
  }

  #writePiece(name: Lane, lane: SendingLane, piece: Pick<SampleBody, 'flags' | 'frameBytes' | 'bytes'>): void {
    this.#write(classOf(name), { lane: name, laneNumber: lane.number, number: lane.next++, ...piece });
  }

  #write(to: SampleClass, sample: SampleBody): void {
    this.#sent[to]++;
    this.#options.channel.send(to, sample);
  }

  #onPiece(from: SampleClass, sample: SampleBody): void {
    const piece = pieceOf(sample);
    const lane = sample.lane as Lane;
    if (piece === null || classOf(lane) !== from)
      return this.#broken(`a sample of lane ${sample.lane.slice(0, 80)} is none of this protocol`);
    const taken = this.#assembler.take(sample.lane, piece);
    if (taken.kind === 'duplicate') return;
    if (taken.kind === 'bad') return this.#broken(taken.reason);
    if (taken.kind === 'gap') {
      return this.lost(`samples of ${sample.lane} were lost: number ${taken.expected} expected, ${sample.number} came`);
    }
    this.#receivedBytes += piece.body.byteLength;
    const cost = piece.abandon ? 0 : pieceCost(piece, piece.body.byteLength);
    if (!this.#meters[from].received(cost)) return this.#broken('more was sent than the window allows');
    if (taken.kind === 'abandoned') this.#giveBack(from, taken.cost);
    if (taken.kind !== 'frame') return;
    const stream = this.#topic(lane, this.#options.side === 'up' ? 'down' : 'up');
    this.#queue.push({ frame: { lane, bytes: taken.bytes, stream }, cost: taken.cost });
  }

  #giveBack(from: SampleClass, cost: number): void {
    const total = this.#meters[from].read(cost);
    if (total === null || this.#end !== null) return;
    this.#read[from] = total;
    this.tell({ type: 'credit', ...this.#read });
  }

  #onTold(sample: SampleBody): void {
    if (sample.number < this.#nextHeard) return;
    if (sample.number > this.#nextHeard) return this.lost('messages of the session were lost');
    this.#nextHeard++;
    const message = decodeSessionMessage(sample.bytes);
    if (message === null) return this.#broken('a session message is malformed');
    switch (message.type) {
      case 'ready':
        return this.ready.resolve();
      case 'credit':
        this.#gates.control.grant(message.control);
        this.#gates.bulk.grant(message.bulk);
        return;
      case 'close':
        this.#farewell = message;
        // What has not come by then will not: the peer keeps its topics no longer than this.
        this.#patience = this.#options.clock.timer(timing.closeTimeoutMs, () => this.#leave(message));
    }
  }

  #leaveIfAllCame(farewell: Extract<SessionMessage, { type: 'close' }>): void {
    if (this.#received.bulk >= farewell.samples) this.#leave(farewell);
  }

  #leave({ code, reason }: { readonly code: string; readonly reason: string }): void {
    this.#finish({ code, reason, local: false }, 0);
  }

  #broken(reason: string): void {
    void this.close('garbage', reason);
  }

  async #close(code: string, reason: string): Promise<void> {
    if (this.#end === null) {
      this.tell({ type: 'close', code: code.slice(0, 40), reason: reason.slice(0, 500), samples: this.#sent.bulk });
      this.#finish({ code, reason, local: true }, timing.closeTimeoutMs);
    }
    await this.#released;
  }

  #finish(end: CloseReason, manner: number | 'cut'): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#patience?.[Symbol.dispose]();
    const error = sessionEnded(end);
    this.#gates.control.end(error);
    this.#gates.bulk.end(error);
    this.#queue.end(end.local ? 'discard' : 'keep');
    const { channel, release } = this.#options;
    this.#released = (manner === 'cut' ? channel.cut() : channel.close(manner)).then(release);
    this.#resolveClosed(end);
  }
}

function classOf(lane: Lane): SampleClass {
  return lane === 'control' ? 'control' : 'bulk';
}
