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
import { clip, decodeControl, encodeControl, type ControlMessage } from './control-message.ts';
import type { BrokerConnection } from './connection.ts';
import { CreditGate, CreditMeter, pieceCost } from './credit.ts';
import { LaneAssembler } from './lane-assembler.ts';
import { LaneSender, type SendingLane } from './lane-sender.ts';
import { decodePiece, encodePieceHeader, PartsReader, pieceHeaderBytes, type Piece } from './piece.ts';
import { parseLane, type Direction } from './topics.ts';

export interface MqttSessionOptions {
  readonly connection: BrokerConnection;
  /** `roundscope/<run>/<participant>/<session>`. */
  readonly base: string;
  readonly outgoing: Direction;
  readonly remote: string;
  readonly publishBytes: number;
  readonly clock: Clock;
  /** Lets go of what the session used; called once, after it has ended. */
  readonly release: (end: CloseReason & { readonly abrupt: boolean }) => Promise<void>;
}

interface QueuedFrame {
  readonly frame: IncomingFrame;
  readonly cost: number;
}

type Class = 'control' | 'bulk';

/** A session over topics of its own; both ends are MQTT clients and run this same code. */
export class MqttSession implements Session {
  readonly protocol = 'mqtt';
  readonly stack = 'mqtt.js';
  readonly peerIdentity = null;
  readonly remote: string;
  readonly closed: Promise<CloseReason>;
  readonly #options: MqttSessionOptions;
  readonly #lanes = new LaneSender();
  readonly #assembler = new LaneAssembler();
  readonly #queue: FrameQueue<QueuedFrame>;
  readonly #gates = {
    control: new CreditGate(limits.mqttControlWindowBytes),
    bulk: new CreditGate(limits.mqttBulkWindowBytes),
  };
  readonly #meters = {
    control: new CreditMeter(limits.mqttControlWindowBytes),
    bulk: new CreditMeter(limits.mqttBulkWindowBytes),
  };
  readonly #read = { control: 0, bulk: 0 };
  readonly #unacknowledged = new Set<Promise<void>>();
  readonly #resolveClosed: (reason: CloseReason) => void;
  #end: CloseReason | null = null;
  #closing: Promise<void> | null = null;
  #sentBytes = 0;
  #receivedBytes = 0;
  #receivedPublishes = 0;

  constructor(options: MqttSessionOptions) {
    this.#options = options;
    this.remote = options.remote;
    this.#queue = new FrameQueue((item) => this.#onRead(item));
    const closed = Promise.withResolvers<CloseReason>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    void options.connection.closed.then((reason) => this.lost(reason));
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
    let topic = '';
    await this.#lanes.inTurn(frame.lane, signal, async (lane) => {
      topic = this.#topic(lane.topic);
      await this.#sendPieces(frame, parts, { lane, topic, signal });
    });
    this.#sentBytes += parts.totalBytes;
    return { stream: topic };
  }

  stats(): SessionStats {
    const { connection } = this.#options;
    return {
      rttMs: connection.rttMs,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      counters: [
        { name: 'publishes_sent', value: connection.published },
        { name: 'publishes_received', value: this.#receivedPublishes },
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

  /** The broker, the connection or the other end is gone without a word. */
  lost(reason: string): void {
    this.#finish({ code: 'lost', reason, local: false }, 'abrupt');
  }

  /** A publish on a topic of this session; `what` is the part below `up/` or `down/`. */
  receive(what: string, topic: string, payload: Buffer): void {
    if (this.#end !== null) return;
    this.#receivedPublishes++;
    if (what === 'session') return this.#onControl(payload);
    const lane = parseLane(what);
    const piece = decodePiece(payload);
    if (lane === null || piece === null) return this.#broken(`a publish on ${topic} is none of this protocol`);
    this.#onPiece(lane, topic, piece);
  }

  #topic(what: string): string {
    return `${this.#options.base}/${this.#options.outgoing}/${what}`;
  }

  #throwIfEnded(): void {
    if (this.#end !== null) throw sessionEnded(this.#end);
    if (this.#closing !== null)
      throw sessionEnded({ code: 'clean', reason: 'the session is being closed', local: true });
  }

  async #sendPieces(
    frame: OutgoingFrame,
    parts: PartsReader,
    way: { readonly lane: SendingLane; readonly topic: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const { lane, topic, signal } = way;
    const gate = this.#gates[classOf(frame.lane)];
    const frameBytes = parts.totalBytes;
    const laneEnd = frame.last === true;
    let at = 0;
    do {
      const bodyBytes = Math.min(this.#options.publishBytes, frameBytes - at);
      const ends = { first: at === 0, last: at + bodyBytes === frameBytes };
      try {
        await gate.acquire(pieceCost(ends, bodyBytes), signal);
        this.#throwIfEnded();
      } catch (error) {
        if (at > 0) this.#abandon(lane, topic, laneEnd);
        throw error;
      }
      const payload = Buffer.allocUnsafe(pieceHeaderBytes + bodyBytes);
      encodePieceHeader(payload, {
        ...ends,
        laneEnd,
        abandon: false,
        lane: lane.number,
        sequence: lane.next++,
        frameBytes,
      });
      parts.read(payload, pieceHeaderBytes, bodyBytes);
      this.#publish(topic, payload);
      at += bodyBytes;
    } while (at < frameBytes);
    lane.ended = laneEnd;
  }

  #abandon(lane: SendingLane, topic: string, laneEnd: boolean): void {
    if (this.#end !== null) return;
    const payload = Buffer.alloc(pieceHeaderBytes);
    const sequence = lane.next++;
    encodePieceHeader(payload, {
      first: false,
      last: false,
      laneEnd,
      abandon: true,
      lane: lane.number,
      sequence,
      frameBytes: 0,
    });
    lane.ended = laneEnd;
    this.#publish(topic, payload);
  }

  /** Not awaited by the sender: credit bounds what is under way. A publish that fails ends the session. */
  #publish(topic: string, payload: Buffer): void {
    const acknowledged = this.#options.connection.publish(topic, payload).catch((error: unknown) => {
      this.lost(`the broker did not take a message: ${error instanceof Error ? error.message : String(error)}`);
    });
    this.#unacknowledged.add(acknowledged);
    void acknowledged.then(() => this.#unacknowledged.delete(acknowledged));
  }

  #tell(message: ControlMessage): void {
    this.#publish(this.#topic('session'), encodeControl(message));
  }

  #onPiece(lane: Lane, topic: string, piece: Piece): void {
    const taken = this.#assembler.take(topic, piece);
    if (taken.kind === 'duplicate') return;
    if (taken.kind === 'bad') return this.#broken(taken.reason);
    if (taken.kind === 'gap') {
      return this.lost(
        `the broker lost messages of ${topic}: number ${taken.expected} expected, ${piece.sequence} came`,
      );
    }
    const kind = classOf(lane);
    this.#receivedBytes += piece.body.byteLength;
    const cost = piece.abandon ? 0 : pieceCost(piece, piece.body.byteLength);
    if (!this.#meters[kind].received(cost)) return this.#broken('more was sent than the window allows');
    if (taken.kind === 'abandoned') this.#giveBack(kind, taken.cost);
    if (taken.kind === 'frame')
      this.#queue.push({ frame: { lane, bytes: taken.bytes, stream: topic }, cost: taken.cost });
  }

  #onRead({ frame, cost }: QueuedFrame): void {
    this.#giveBack(classOf(frame.lane), cost);
  }

  #giveBack(kind: Class, cost: number): void {
    const total = this.#meters[kind].read(cost);
    if (total === null || this.#end !== null) return;
    this.#read[kind] = total;
    this.#tell({ type: 'credit', ...this.#read });
  }

  #onControl(payload: Buffer): void {
    const message = decodeControl(payload);
    if (message === null) return this.#broken('a session message is malformed');
    if (message.type === 'credit') {
      this.#gates.control.grant(message.control);
      this.#gates.bulk.grant(message.bulk);
    }
    if (message.type === 'close')
      this.#finish({ code: message.code, reason: message.reason, local: false }, 'in order');
  }

  #broken(reason: string): void {
    void this.close('garbage', reason);
  }

  async #close(code: string, reason: string): Promise<void> {
    if (this.#end === null) {
      using deadline = this.#options.clock.deadline(timing.closeTimeoutMs);
      const late = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }));
      const gone = this.closed.then(() => undefined);
      await Promise.race([Promise.all(this.#unacknowledged), late, gone]);
      if (this.#end === null) {
        this.#tell({ type: 'close', code: code.slice(0, 40), reason: clip(reason) });
        await Promise.race([Promise.all(this.#unacknowledged), late, gone]);
      }
      this.#finish({ code, reason, local: true }, 'in order');
    }
    await this.#released;
  }

  #released: Promise<void> = Promise.resolve();

  #finish(end: CloseReason, manner: 'in order' | 'abrupt'): void {
    if (this.#end !== null) return;
    this.#end = end;
    const error = sessionEnded(end);
    this.#gates.control.end(error);
    this.#gates.bulk.end(error);
    this.#queue.end(end.local ? 'discard' : 'keep');
    this.#released = this.#options.release({ ...end, abrupt: manner === 'abrupt' }).catch(() => {
      // The connection that was to be let go is gone already, which is what was wanted.
    });
    this.#resolveClosed(end);
  }
}

function classOf(lane: Lane): Class {
  return lane === 'control' ? 'control' : 'bulk';
}
