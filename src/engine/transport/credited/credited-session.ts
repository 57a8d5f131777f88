import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { FrameQueue } from '../frame-queue.ts';
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
import { classOf, type Carrier, type LaneClass, type SessionWord } from './carrier.ts';
import { CreditGate, CreditMeter, pieceCost } from './credit.ts';
import { LaneAssembler } from './lane-assembler.ts';
import { LaneSender, type SendingLane } from './lane-sender.ts';
import { PartsReader, type Piece, type PieceHeader } from './piece.ts';

interface QueuedFrame {
  readonly frame: IncomingFrame;
  readonly cost: number;
}

/**
 * A session over a protocol that has messages but no flow from reader to writer: frames travel in pieces, and the
 * reader says how much it has read. Both ends run this same code; how pieces travel is the carrier's.
 */
export class CreditedSession implements Session {
  readonly protocol: Session['protocol'];
  readonly stack: Session['stack'];
  readonly peerIdentity: string | null;
  readonly remote: string;
  readonly chunkBytes?: number;
  readonly closed: Promise<CloseReason>;
  readonly #carrier: Carrier;
  readonly #clock: Clock;
  readonly #lanes = new LaneSender();
  readonly #assembler = new LaneAssembler();
  readonly #queue: FrameQueue<QueuedFrame>;
  readonly #gates: Readonly<Record<LaneClass, CreditGate>>;
  readonly #meters: Readonly<Record<LaneClass, CreditMeter>>;
  readonly #read = { control: 0, bulk: 0 };
  readonly #unacknowledged = new Set<Promise<void>>();
  readonly #resolveClosed: (reason: CloseReason) => void;
  #end: CloseReason | null = null;
  #closing: Promise<void> | null = null;
  #released: Promise<void> = Promise.resolve();
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(carrier: Carrier, clock: Clock) {
    this.#carrier = carrier;
    this.#clock = clock;
    this.protocol = carrier.protocol;
    this.stack = carrier.stack;
    this.remote = carrier.remote;
    this.peerIdentity = carrier.peerIdentity ?? null;
    if (carrier.chunkBytes !== undefined) this.chunkBytes = carrier.chunkBytes;
    const { control, bulk } = carrier.windowBytes;
    this.#gates = { control: new CreditGate(control), bulk: new CreditGate(bulk) };
    this.#meters = { control: new CreditMeter(control), bulk: new CreditMeter(bulk) };
    this.#queue = new FrameQueue(({ frame, cost }) => this.#giveBack(classOf(frame.lane), cost));
    const closed = Promise.withResolvers<CloseReason>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
  }

  get blocked(): string {
    return this.#carrier.blocked ?? '';
  }

  get ended(): boolean {
    return this.#end !== null;
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
    return { stream: this.#carrier.streamOf(frame.lane) };
  }

  stats(): SessionStats {
    return {
      rttMs: this.#carrier.rttMs,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      counters: [
        ...this.#carrier.counters(),
        { name: 'duplicates_discarded', value: this.#assembler.duplicates },
        { name: 'publishes_unacknowledged', value: this.#unacknowledged.size },
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
    this.#finish({ code: 'aborted', reason: 'cut off at this end', local: true }, 'abrupt');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close('clean', 'session disposed');
  }

  /** The way to the other end, or that end itself, is gone without a word. */
  lost(reason: string): void {
    this.#finish({ code: 'lost', reason, local: false }, 'abrupt');
  }

  /** The peer sent what is none of this protocol. */
  broken(reason: string): void {
    void this.close('garbage', reason);
  }

  /** A word of the peer, every piece that it sent before taken. */
  told(word: SessionWord): void {
    if (word.type === 'close') return this.#finish({ code: word.code, reason: word.reason, local: false }, 'in order');
    this.#gates.control.grant(word.control);
    this.#gates.bulk.grant(word.bulk);
  }

  /** A piece of the peer's; `stream` names where it came. */
  take(lane: Lane, stream: string, piece: Piece): void {
    if (this.#end !== null) return;
    const taken = this.#assembler.take(stream, piece);
    if (taken.kind === 'duplicate') return;
    if (taken.kind === 'bad') return this.broken(taken.reason);
    if (taken.kind === 'gap') {
      return this.lost(`messages of ${stream} were lost: number ${taken.expected} expected, ${piece.sequence} came`);
    }
    const kind = classOf(lane);
    this.#receivedBytes += piece.body.byteLength;
    const cost = piece.abandon ? 0 : pieceCost(piece, piece.body.byteLength);
    if (!this.#meters[kind].received(cost)) return this.broken('more was sent than the window allows');
    if (taken.kind === 'abandoned') this.#giveBack(kind, taken.cost);
    if (taken.kind === 'frame') this.#queue.push({ frame: { lane, bytes: taken.bytes, stream }, cost: taken.cost });
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
    const gate = this.#gates[classOf(frame.lane)];
    const frameBytes = parts.totalBytes;
    const laneEnd = frame.last === true;
    let at = 0;
    do {
      const bytes = Math.min(this.#carrier.pieceBytes, frameBytes - at);
      const ends = { first: at === 0, last: at + bytes === frameBytes };
      try {
        await gate.acquire(pieceCost(ends, bytes), signal);
        this.#throwIfEnded();
      } catch (error) {
        if (at > 0) this.#abandon(frame.lane, lane, laneEnd);
        throw error;
      }
      const piece = { ...ends, laneEnd, abandon: false, lane: lane.number, sequence: lane.next++, frameBytes };
      this.#hand(frame.lane, piece, { parts, bytes });
      at += bytes;
    } while (at < frameBytes);
    lane.ended = laneEnd;
  }

  #abandon(name: Lane, lane: SendingLane, laneEnd: boolean): void {
    if (this.#end !== null) return;
    const ends = { first: false, last: false, laneEnd, abandon: true };
    const piece = { ...ends, lane: lane.number, sequence: lane.next++, frameBytes: 0 };
    lane.ended = laneEnd;
    this.#hand(name, piece, { parts: new PartsReader([]), bytes: 0 });
  }

  #hand(lane: Lane, piece: PieceHeader, body: { readonly parts: PartsReader; readonly bytes: number }): void {
    this.#follow(this.#carrier.send(lane, piece, body));
  }

  #tell(word: SessionWord): void {
    this.#follow(this.#carrier.tell(word));
  }

  /** Not awaited by the sender: credit bounds what is under way. What fails ends the session. */
  #follow(sending: Promise<void>): void {
    const acknowledged = sending.catch((error: unknown) => {
      this.lost(`the broker did not take a message: ${error instanceof Error ? error.message : String(error)}`);
    });
    this.#unacknowledged.add(acknowledged);
    void acknowledged.then(() => this.#unacknowledged.delete(acknowledged));
  }

  #giveBack(kind: LaneClass, cost: number): void {
    const total = this.#meters[kind].read(cost);
    if (total === null || this.#end !== null) return;
    this.#read[kind] = total;
    this.#tell({ type: 'credit', ...this.#read });
  }

  async #close(code: string, reason: string): Promise<void> {
    if (this.#end === null) {
      using deadline = this.#clock.deadline(timing.closeTimeoutMs);
      const late = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }));
      const gone = this.closed.then(() => undefined);
      await Promise.race([Promise.all(this.#unacknowledged), late, gone]);
      if (this.#end === null) {
        this.#tell({ type: 'close', code: code.slice(0, 40), reason: reason.slice(0, 500) });
        await Promise.race([Promise.all(this.#unacknowledged), late, gone]);
      }
      this.#finish({ code, reason, local: true }, 'in order');
    }
    await this.#released;
  }

  #finish(end: CloseReason, manner: 'in order' | 'abrupt'): void {
    if (this.#end !== null) return;
    this.#end = end;
    const error = sessionEnded(end);
    this.#gates.control.end(error);
    this.#gates.bulk.end(error);
    this.#queue.end(end.local ? 'discard' : 'keep');
    this.#released = this.#carrier.release({ ...end, abrupt: manner === 'abrupt' }).catch(() => {
      // What was to be let go is gone already, which is what was wanted.
    });
    this.#resolveClosed(end);
  }
}
