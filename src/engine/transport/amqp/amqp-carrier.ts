import type { ConsumeMessage } from 'amqplib';
import type { Clock } from '#shared/base/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { classOf, type Carrier, type LaneClass, type SessionWord } from '../credited/carrier.ts';
import { CreditedSession } from '../credited/credited-session.ts';
import { laneName, parseLane } from '../credited/lane-name.ts';
import type { PartsReader, Piece, PieceHeader } from '../credited/piece.ts';
import type { CloseReason, Lane } from '../transport.ts';
import { within } from '../within.ts';
import type { AmqpConnection, QueueReader } from './connection.ts';
import type { SessionKeys } from './handshake.ts';
import { willQueue, type SessionQueues } from './names.ts';
import {
  openPiece,
  sealedOverheadBytes,
  sealPiece,
  sessionLaneNumber,
  sessionType,
  willLaneNumber,
} from './sealed-piece.ts';
import { decodeMessage, encodeMessage, type SessionMessage } from './session-message.ts';
import { whenSettled } from '../when-settled.ts';

export interface AmqpCarrierOptions {
  readonly connection: AmqpConnection;
  readonly reader: QueueReader;
  readonly queues: SessionQueues;
  readonly keys: SessionKeys;
  readonly remote: string;
  readonly publishBytes: number;
  readonly queueExpiryMs: number;
  readonly clock: Clock;
  /** A message that the other end did not seal; true: it was expected. */
  readonly onForeign?: (message: ConsumeMessage) => boolean;
  /** Lets go of what the session used beside its queues; called once, after it has ended. */
  readonly release: (end: CloseReason & { readonly abrupt: boolean }) => Promise<void>;
}

type Close = Extract<SessionMessage, { type: 'close' }>;

/** A session over queues of its own; both ends run this same code. */
export class AmqpCarrier implements Carrier {
  readonly protocol = 'amqp';
  readonly stack = 'amqplib';
  readonly remote: string;
  readonly channel: string;
  readonly pieceBytes: number;
  readonly windowBytes = { control: limits.amqpControlWindowBytes, bulk: limits.amqpBulkWindowBytes };
  readonly session: CreditedSession;
  /** The other end has accepted the session; for who asked for it. */
  readonly accepted = Promise.withResolvers<void>();
  readonly #options: AmqpCarrierOptions;
  readonly #returns: readonly Disposable[];
  readonly #sent = { control: 0, bulk: 0 };
  readonly #received = { control: 0, bulk: 0 };
  /** Messages in our queues that were not sealed by the other end. */
  #foreign = 0;
  #nextTold = 0;
  #nextHeard = 0;
  /** The peer's farewell, while bulk pieces that it sent before are still to be read. */
  #farewell: Close | null = null;
  #patience: Disposable | null = null;
  #renewal: Disposable | null = null;
  undeliverable = 0;

  constructor(options: AmqpCarrierOptions) {
    const { connection, queues } = options;
    this.#options = options;
    this.remote = options.remote;
    this.channel = options.keys.channel;
    // One piece is one frame of the broker's, so that control gets in between.
    this.pieceBytes = Math.min(options.publishBytes, connection.contentBytesMax - sealedOverheadBytes);
    this.session = new CreditedSession(this, options.clock);
    // Its queues go with the peer's end of the session: it is gone, or it has just said goodbye and we are about to hear.
    const onReturned = (): void => this.#giveUpSoon('the broker has no queue any more that the other end would read');
    this.#returns = [queues.out.control, queues.out.bulk].map((queue) => connection.watchReturns(queue, onReturned));
    const waiting = whenSettled(connection.closed, (reason) => this.session.lost(reason));
    spawn(
      'watching a session',
      this.session.closed.then(() => waiting[Symbol.dispose]()),
    );
  }

  /** Puts our last will where it is held, and reads what the other end sends. */
  async start(): Promise<void> {
    const { reader, queues, queueExpiryMs } = this.#options;
    const { will, control } = queues.out;
    await reader.channel.assertQueue(will, willQueue(control, queueExpiryMs));
    const content = this.#will();
    await reader.hold(will, content);
    await this.#putWill(content);
    await this.#read('control', limits.amqpControlPrefetch);
    await this.#read('bulk', limits.amqpBulkPrefetch);
  }

  get rttMs(): number | null {
    return this.#options.connection.rttMs;
  }

  get blocked(): string {
    return this.#options.connection.blocked;
  }

  streamOf(lane: Lane): string {
    return streamName(this.#options.queues.out[classOf(lane)], lane);
  }

  send(lane: Lane, piece: PieceHeader, body: { readonly parts: PartsReader; readonly bytes: number }): Promise<void> {
    const type = laneName(lane);
    const { keys } = this.#options;
    const content = sealPiece(keys.sending, type, piece, {
      bytes: body.bytes,
      fill: (target, at) => body.parts.read(target, at, body.bytes),
    });
    return this.#publish(classOf(lane), type, content);
  }

  tell(word: SessionWord): Promise<void> {
    return this.say(word.type === 'close' ? { ...word, pieces: this.#sent.bulk } : word);
  }

  say(message: SessionMessage): Promise<void> {
    return this.#publish('control', sessionType, this.#seal(message, sessionLaneNumber, this.#nextTold++));
  }

  counters(): readonly { readonly name: string; readonly value: number }[] {
    const { connection } = this.#options;
    return [
      { name: 'publishes_sent', value: this.#sent.control + this.#sent.bulk },
      { name: 'publishes_received', value: this.#received.control + this.#received.bulk },
      { name: 'publishes_returned', value: connection.returned },
      { name: 'messages_foreign', value: this.#foreign },
      { name: 'messages_undeliverable', value: this.undeliverable },
      { name: 'broker_blocked', value: connection.blocked === '' ? 0 : 1 },
    ];
  }

  async release(end: CloseReason & { readonly abrupt: boolean }): Promise<void> {
    this.#patience?.[Symbol.dispose]();
    this.#renewal?.[Symbol.dispose]();
    for (const watch of this.#returns) watch[Symbol.dispose]();
    const { reader, release, connection } = this.#options;
    try {
      // Where the broker does not listen nothing is asked of it: what is left there expires.
      if (connection.blocked !== '') return;
      const tidied = end.local && end.abrupt ? Promise.resolve() : this.#tidy(end);
      await within(
        timing.closeTimeoutMs,
        this.#options.clock,
        tidied.then(() => reader.close()),
      );
    } finally {
      await release(end);
    }
  }

  /**
   * Who says farewell takes its will away; who hears it, or hears that the other end is gone, takes away all queues,
   * since it has read them. What nobody takes away expires.
   */
  async #tidy(end: CloseReason): Promise<void> {
    const { channel } = this.#options.reader;
    const { in: heard, out } = this.#options.queues;
    const lanes = [heard.control, heard.bulk, out.control, out.bulk];
    for (const queue of end.local ? [out.will] : [out.will, ...lanes]) await channel.deleteQueue(queue);
  }

  async #read(kind: LaneClass, prefetch: number): Promise<void> {
    await this.#options.reader.read(this.#options.queues.in[kind], prefetch, {
      take: (message) => this.#take(kind, message),
      onCancelled: () => this.#giveUpSoon('the queue that the other end sends to is gone'),
    });
  }

  #publish(kind: LaneClass, type: string, content: Buffer): Promise<void> {
    this.#sent[kind]++;
    return this.#options.connection.publish(kind, { queue: this.#options.queues.out[kind], type, content });
  }

  /** False: not of the session's other end, so that whoever put it there does the session no harm. */
  #take(kind: LaneClass, message: ConsumeMessage): boolean {
    const type: unknown = message.properties.type;
    const piece = typeof type === 'string' ? openPiece(this.#options.keys.receiving, type, message.content) : null;
    if (piece === null || typeof type !== 'string') {
      if (this.#options.onForeign?.(message) === true) return true;
      this.#foreign++;
      return false;
    }
    if (this.session.ended) return true;
    // The last will is passed on by the broker: it is none of those that the other end counts.
    if (piece.lane !== willLaneNumber) this.#received[kind]++;
    if (type === sessionType) this.#onTold(piece);
    else this.#onPiece(kind, type, piece);
    if (this.#farewell !== null) this.#leaveIfAllCame(this.#farewell);
    return true;
  }

  #onPiece(kind: LaneClass, type: string, piece: Piece): void {
    const lane = parseLane(type);
    if (lane === null || classOf(lane) !== kind)
      return this.session.broken(`a message of type ${type.slice(0, 80)} is none of this protocol`);
    this.session.take(lane, streamName(this.#options.queues.in[kind], lane), piece);
  }

  #onTold(piece: Piece): void {
    const message = decodeMessage(piece.body);
    if (message === null) return this.session.broken('a session message is malformed');
    if (message.type === 'vanished') return this.session.lost('the broker says that the other end vanished');
    if (piece.sequence < this.#nextHeard) return;
    if (piece.sequence > this.#nextHeard) return this.session.lost('messages about the session were lost');
    this.#nextHeard++;
    if (message.type === 'accept') return this.accepted.resolve();
    if (message.type === 'credit') return this.session.told(message);
    this.#farewell = message;
    this.#patience?.[Symbol.dispose]();
    // What has not come by then will not: the peer keeps nothing any more that could send it.
    this.#patience = this.#options.clock.timer(timing.closeTimeoutMs, () => this.session.told(message));
  }

  #leaveIfAllCame(farewell: Close): void {
    if (this.#received.bulk >= farewell.pieces) this.session.told(farewell);
  }

  #giveUpSoon(reason: string): void {
    if (this.session.ended || this.#farewell !== null) return;
    this.#patience ??= this.#options.clock.timer(farewellGraceMs, () => this.session.lost(reason));
  }

  #seal(message: SessionMessage, lane: number, sequence: number): Buffer {
    const bytes = encodeMessage(message);
    const ends = { first: true, last: true, laneEnd: false, abandon: false };
    const piece = { ...ends, lane, sequence, frameBytes: bytes.byteLength };
    return sealPiece(this.#options.keys.sending, sessionType, piece, {
      bytes: bytes.byteLength,
      fill: (target, at) => void target.set(bytes, at),
    });
  }

  /**
   * Again and again: RabbitMQ closes the channel of who keeps a message unacknowledged for too long (`consumer_timeout`, half an
   * hour unless somebody set it otherwise, a minute at least).
   */
  async #putWill(content: Buffer): Promise<void> {
    const { connection, queues, clock } = this.#options;
    await connection.publish('control', { queue: queues.out.will, type: sessionType, content });
    if (this.session.ended) return;
    const renew = async (): Promise<void> => {
      try {
        await this.#putWill(content);
      } catch {
        // The connection or the channel has ended, and the session with it.
      }
    };
    this.#renewal = clock.timer(timing.amqpWillMs, () => spawn('renewing the last will', renew()));
  }

  #will(): Buffer {
    return this.#seal({ type: 'vanished' }, willLaneNumber, 0);
  }
}

/** A queue that is gone is the first sign of a farewell that is still being read; it gets this long to show. */
const farewellGraceMs = 500;

/** As people know it: a queue, and of a bulk queue which of its lanes. */
function streamName(queue: string, lane: Lane): string {
  return lane === 'control' ? queue : `${queue} ${lane.slice('bulk:'.length)}`;
}
