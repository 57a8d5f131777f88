import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
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
import {
  classOf,
  type Asked,
  type Carrier,
  type LaneClass,
  type PassageWord,
  type SessionWord,
  type Way,
} from './carrier.ts';
import { chunkBytesOf } from './chunk-size.ts';
import { CreditGate, CreditMeter, pieceCost } from './credit.ts';
import { LaneNames } from './frame-name.ts';
import { LaneAssembler } from './lane-assembler.ts';
import { LaneSender, type SendingLane } from './lane-sender.ts';
import { emptyPiece, PartsReader, type Piece, type PieceBody, type PieceHeader } from './piece.ts';
import { PieceRefused } from './piece-size.ts';
import { Prover } from './prover.ts';
import { wireRoom } from './wire-room.ts';

interface QueuedFrame {
  readonly frame: IncomingFrame;
  readonly cost: number;
}

/** Through a broker of somebody else's: what is read is told this often, ... */
const creditStepBytes = 256 * 1024;
/** ... and no more pieces than these are under way, since brokers drop what is queued beyond a number (Mosquitto: 1,000 a reader), ... */
const piecesUnderWay = 64;
/** ... or one largest frame and what its reader has not told yet. */
const windowBytesMin = limits.frameBytesMax + 2 * creditStepBytes;
/** Answers that the broker has not taken. */
const answersMax = 64;

/**
 * A session over a protocol that has messages but no flow from reader to writer: frames travel in pieces, and the
 * reader says how much it has read. Both ends run this same code; how pieces travel is the carrier's.
 */
export class CreditedSession implements Session {
  readonly protocol: Session['protocol'];
  readonly stack: Session['stack'];
  readonly peerIdentity: string | null;
  readonly channel: string;
  readonly remote: string;
  readonly closed: Promise<CloseReason>;
  readonly #carrier: Carrier;
  readonly #prover: Prover | null;
  readonly #clock: Clock;
  readonly #lanes = new LaneSender();
  readonly #names: LaneNames;
  readonly #assembler = new LaneAssembler();
  readonly #queue: FrameQueue<QueuedFrame>;
  readonly #gates: Readonly<Record<LaneClass, CreditGate>>;
  readonly #meters: Readonly<Record<LaneClass, CreditMeter>>;
  readonly #read = { control: 0, bulk: 0 };
  readonly #unacknowledged = new Set<Promise<void>>();
  readonly #resolveClosed: (reason: CloseReason) => void;
  #peerTrouble = '';
  /** Pieces and words of the peer, each counted once. */
  #heard = 0;
  #bulkTaken = 0;
  #doubt: Disposable | null = null;
  #answering = 0;
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
    this.channel = carrier.channel ?? '';
    this.#names = new LaneNames(carrier.namesSealed === true);
    const { way } = carrier;
    this.#prover = way === undefined ? null : this.#makeProver(way);
    const { control, bulk } = carrier.windowBytes;
    const stepBytes = way === undefined ? undefined : creditStepBytes;
    this.#gates = { control: new CreditGate(control), bulk: new CreditGate(bulk) };
    if (way !== undefined) this.#narrow();
    this.#meters = { control: new CreditMeter(control, stepBytes), bulk: new CreditMeter(bulk, stepBytes) };
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

  get chunkBytes(): number {
    return chunkBytesOf(this.#carrier);
  }

  get obstacle(): string | null {
    const known = [this.#prover?.passage.trouble ?? '', this.#peerTrouble].find((trouble) => trouble !== '');
    return known ?? null;
  }

  async *frames(): AsyncIterable<IncomingFrame, undefined> {
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
    const carried = this.#names.named(frame, parts);
    let name = frame.lane;
    await this.#lanes.inTurn(frame.lane, signal, (lane) => {
      name = this.#names.onTheWay(frame.lane, lane.number);
      return this.#sendPieces({ name, laneEnd: frame.last === true }, carried, { lane, signal });
    });
    this.#sentBytes += parts.totalBytes;
    return { stream: this.#carrier.streamOf(name) };
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
    spawn('closing a session', this.close('garbage', reason));
  }

  /** Bulk pieces that were taken, repetitions left out. */
  get bulkTaken(): number {
    return this.#bulkTaken;
  }

  /**
   * A broker reports that the peer is gone. It is asked: the session is lost where nothing of it arrives within
   * `doubtMs`.
   */
  doubted(reason: string): void {
    if (this.#end !== null || this.#doubt !== null) return;
    const before = this.#heard;
    this.#doubt = this.#clock.timer(timing.doubtMs, () => {
      this.#doubt = null;
      if (this.#heard === before) this.lost(reason);
    });
    // What fails, fails with the connection, which says better why.
    this.#carrier.tell({ type: 'there' }).catch(() => undefined);
  }

  /** A word of the peer, every piece that it sent before taken. */
  told(word: SessionWord | PassageWord): void {
    this.#heard++;
    switch (word.type) {
      case 'there':
        return this.#end === null ? this.#tell({ type: 'here' }) : undefined;
      case 'here':
        return undefined;
      case 'close':
        return this.#finish({ code: word.code, reason: word.reason, local: false }, 'in order');
      case 'credit':
        this.#gates.control.grant(word.control);
        return this.#gates.bulk.grant(word.bulk);
      case 'ask':
        return this.#answer(word, word.skip);
      case 'came':
        return this.#prover?.passage.answered(word);
      case 'trouble':
        this.#peerTrouble = word.reason;
    }
  }

  /** A piece of the peer's; `stream` names where it came. */
  take(lane: Lane, stream: string, piece: Piece): void {
    if (this.#end !== null) return;
    const taken = this.#assembler.take(stream, piece);
    if (taken.kind === 'duplicate') return;
    if (taken.kind === 'bad') return this.broken(taken.reason);
    this.#heard++;
    if (classOf(lane) === 'bulk') this.#bulkTaken++;
    if (taken.kind === 'gap') {
      return this.lost(`messages of ${stream} were lost: number ${taken.expected} expected, ${piece.sequence} came`);
    }
    const kind = classOf(lane);
    this.#receivedBytes += piece.body.byteLength;
    const cost = piece.abandon ? 0 : pieceCost(piece, piece.body.byteLength);
    if (!this.#meters[kind].received(cost)) return this.broken('more was sent than the window allows');
    if (taken.kind === 'abandoned') this.#giveBack(kind, taken.cost);
    if (taken.kind !== 'frame') return;
    const named = this.#names.read(lane, taken.parts);
    if (named === null) return this.broken('a frame that does not say which lane it is of');
    this.#queue.push({ frame: { ...named, stream }, cost: taken.cost });
  }

  #throwIfEnded(): void {
    if (this.#end !== null) throw sessionEnded(this.#end);
    if (this.#closing !== null)
      throw sessionEnded({ code: 'clean', reason: 'the session is being closed', local: true });
  }

  async #sendPieces(
    { name, laneEnd }: { readonly name: Lane; readonly laneEnd: boolean },
    parts: PartsReader,
    way: { readonly lane: SendingLane; readonly signal: AbortSignal },
  ): Promise<void> {
    const { lane, signal } = way;
    const kind = classOf(name);
    const gate = this.#gates[kind];
    const frameBytes = parts.totalBytes;
    await this.#prover?.open(kind, signal);
    let at = 0;
    let begun = false;
    let whole = false;
    while (!whole) {
      const bytes = Math.min(this.#carrier.pieceBytes, frameBytes - at);
      const ends = { first: at === 0, last: at + bytes === frameBytes };
      try {
        if (kind === 'bulk') await wireRoom(this.#carrier, this.closed, signal);
        await gate.acquire(pieceCost(ends, bytes), signal);
        this.#throwIfEnded();
        const piece = { ...ends, laneEnd, abandon: false, lane: lane.number, sequence: lane.next++, frameBytes };
        begun = true;
        if (await this.#sendPiece(name, piece, { parts, bytes }, signal)) {
          at += bytes;
          whole = ends.last;
        } else gate.refund(pieceCost(ends, bytes));
      } catch (error) {
        if (begun) this.#abandon(name, lane, laneEnd);
        throw error;
      }
    }
    lane.ended = laneEnd;
  }

  /** False: it did not pass, and another one may be tried. */
  async #sendPiece(lane: Lane, piece: PieceHeader, body: PieceBody, signal: AbortSignal): Promise<boolean> {
    if (this.#prover !== null) return await this.#prover.send(lane, piece, body, signal);
    this.#hand(lane, piece, body);
    return true;
  }

  #abandon(name: Lane, lane: SendingLane, laneEnd: boolean): void {
    if (this.#end !== null) return;
    lane.ended = laneEnd;
    const piece = { ...emptyPiece, laneEnd, lane: lane.number, sequence: lane.next++ };
    this.#hand(name, piece, { parts: new PartsReader([]), bytes: 0 });
  }

  #makeProver(way: Way): Prover {
    return new Prover({
      way,
      carrier: this.#carrier,
      clock: this.#clock,
      lanes: this.#lanes,
      hand: (lane, piece, body) => this.#hand(lane, piece, body),
      track: (sending) => spawn('sending a piece', this.#track(sending)),
      refuse: (reason) => this.#refusedByBroker(reason),
      ended: () => this.#end,
      onSmaller: () => this.#narrow(),
    });
  }

  #narrow(): void {
    this.#gates.bulk.narrow(Math.max(windowBytesMin, piecesUnderWay * this.#carrier.pieceBytes));
  }

  #answer({ lane, number, sequence }: Asked, skip: boolean): void {
    const { way } = this.#carrier;
    if (way === undefined || this.#answering >= answersMax) return this.broken('asks for more than can be answered');
    const came = this.#assembler.hasCome({ topic: way.heardOn(lane), number, sequence }, skip);
    this.#answering++;
    spawn(
      'answering what came',
      this.#follow('session', way.tell({ type: 'came', lane, number, sequence, came })).then(() => this.#answering--),
    );
  }

  /** Both ends hear of it. */
  #refusedByBroker(reason: string): void {
    spawn('closing a session', this.close('broker_refused', reason));
  }

  #hand(lane: Lane, piece: PieceHeader, body: PieceBody): void {
    spawn('sending a piece', this.#follow(classOf(lane), this.#carrier.send(lane, piece, body), body.bytes));
  }

  #tell(word: SessionWord): void {
    spawn('telling the other end', this.#follow('session', this.#carrier.tell(word)));
  }

  /** Not awaited by the sender: credit bounds what is under way. What fails ends the session. */
  #follow(kind: LaneClass | 'session', sending: Promise<void>, bytes = 0): Promise<void> {
    const acknowledged = sending.catch((error: unknown) => {
      if (error instanceof PieceRefused && this.#prover !== null)
        return this.#refusedByBroker(this.#prover.passage.why(kind, bytes, error));
      this.lost(`the broker did not take a message: ${error instanceof Error ? error.message : String(error)}`);
    });
    return this.#track(acknowledged);
  }

  #track(sending: Promise<void>): Promise<void> {
    this.#unacknowledged.add(sending);
    return sending.then(() => void this.#unacknowledged.delete(sending));
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
    this.#doubt?.[Symbol.dispose]();
    const error = sessionEnded(end);
    this.#gates.control.end(error);
    this.#gates.bulk.end(error);
    this.#prover?.end(error);
    this.#queue.end(end.local ? 'discard' : 'keep');
    this.#released = this.#carrier.release({ ...end, abrupt: manner === 'abrupt' }).catch(() => {
      // What was to be let go is gone already, which is what was wanted.
    });
    this.#resolveClosed(end);
  }
}
