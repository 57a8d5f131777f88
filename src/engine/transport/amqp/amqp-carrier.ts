import type { ConsumeMessage } from 'amqplib';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { classOf, type Carrier, type LaneClass, type SessionWord } from '../credited/carrier.ts';
import { CreditedSession } from '../credited/credited-session.ts';
import { laneName, parseLane } from '../credited/lane-name.ts';
import type { PieceBody, PieceHeader } from '../credited/piece.ts';
import { Conversation, wordBody, wordPiece } from '../sealed/conversation.ts';
import type { SessionKeys } from '../sealed/handshake.ts';
import { Seal, sealedOverheadBytes, willLaneNumber } from '../sealed/seal.ts';
import { decodeWord } from '../sealed/words.ts';
import { giveBack } from '../../framing/give-back.ts';
import type { CloseReason, Lane } from '../transport.ts';
import { whenSettled } from '../shared/when-settled.ts';
import { within } from '../shared/within.ts';
import type { AmqpConnection, QueueReader } from './connection.ts';
import { willQueue, type SessionQueues } from './names.ts';
import { sessionType } from './session-message.ts';

export interface AmqpCarrierOptions {
  readonly connection: AmqpConnection;
  readonly reader: QueueReader;
  readonly queues: SessionQueues;
  readonly keys: SessionKeys;
  /** Who signed for them; null: that is left to the hello. */
  readonly peerIdentity: string | null;
  readonly remote: string;
  readonly publishBytes: number;
  readonly queueExpiryMs: number;
  readonly clock: Clock;
  /** The broker is neither end's own: what it says of the other end decides nothing. */
  readonly elsewhere: boolean;
  /** Messages that came before the session and were not the coordinator's. */
  readonly foreign?: number;
  /** Lets go of what the session used beside its queues; called once, after it has ended. */
  readonly release: (end: CloseReason & { readonly abrupt: boolean }) => Promise<void>;
}

/** A session over queues of its own; both ends run this same code. */
export class AmqpCarrier implements Carrier {
  readonly protocol = 'amqp';
  readonly stack = 'amqplib';
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly channel: string;
  readonly pieceBytes: number;
  readonly namesSealed = true;
  readonly windowBytes = { control: limits.amqpControlWindowBytes, bulk: limits.amqpBulkWindowBytes };
  readonly session: CreditedSession;
  readonly #options: AmqpCarrierOptions;
  readonly #seal: Seal;
  readonly #words: Conversation;
  readonly #returns: readonly Disposable[];
  readonly #sent = { control: 0, bulk: 0 };
  #received = 0;
  /** Messages in our queues that were not sealed by the other end. */
  #foreign: number;
  #patience: Disposable | null = null;
  #renewal: Disposable | null = null;
  undeliverable = 0;

  constructor(options: AmqpCarrierOptions) {
    const { connection, queues } = options;
    this.#options = options;
    this.remote = options.remote;
    this.peerIdentity = options.peerIdentity;
    this.#foreign = options.foreign ?? 0;
    this.channel = options.keys.channel;
    this.#seal = new Seal(options.keys);
    // One piece is one frame of the broker's, so that control gets in between.
    this.pieceBytes = Math.min(options.publishBytes, connection.contentBytesMax - sealedOverheadBytes);
    this.session = new CreditedSession(this, options.clock);
    this.#words = new Conversation({ session: this.session, clock: options.clock });
    // Its queues go with the peer's end of the session: it is gone, or it has just said goodbye and we are about to hear.
    const onReturned = (): void => this.#giveUpSoon('the broker has no queue any more that the other end would read');
    this.#returns = [queues.out.control, queues.out.bulk].map((queue) => connection.watchReturns(queue, onReturned));
    const waiting = whenSettled(connection.closed, (reason) => this.session.lost(reason));
    spawn(
      'watching a session',
      this.session.closed.then(() => waiting[Symbol.dispose]()),
    );
  }

  /** Puts our last will where it is held, and reads what the other end sends; `control: handed`: somebody else reads that queue. */
  async start(control: 'read' | 'handed'): Promise<void> {
    const { connection, reader, queues, queueExpiryMs } = this.#options;
    const { will } = queues.out;
    await reader.channel.assertQueue(will, willQueue(queues.out.control, connection.exchange, queueExpiryMs));
    await connection.lead(reader.channel, [will]);
    const content = this.#will();
    await reader.hold(will, content);
    await this.#putWill(content);
    if (control === 'read') await this.#read('control', limits.amqpControlPrefetch);
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

  send(lane: Lane, piece: PieceHeader, body: PieceBody): Promise<void> {
    return this.#publish(classOf(lane), laneName(lane), this.#seal.closePiece(lane, piece, body));
  }

  tell(word: SessionWord): Promise<void> {
    const { piece, bytes } = this.#words.say(word.type === 'close' ? { ...word, pieces: this.#sent.bulk } : word);
    return this.#publish('control', sessionType, this.#seal.closePiece('session', piece, wordBody(bytes)));
  }

  counters(): readonly { readonly name: string; readonly value: number }[] {
    const { connection } = this.#options;
    return [
      { name: 'publishes_sent', value: this.#sent.control + this.#sent.bulk },
      { name: 'publishes_received', value: this.#received },
      { name: 'publishes_returned', value: connection.returned },
      { name: 'messages_foreign', value: this.#foreign },
      { name: 'words_repeated', value: this.#words.repeated },
      { name: 'messages_undeliverable', value: this.undeliverable },
      { name: 'broker_blocked', value: connection.blocked === '' ? 0 : 1 },
    ];
  }

  async release(end: CloseReason & { readonly abrupt: boolean }): Promise<void> {
    this.#patience?.[Symbol.dispose]();
    this.#words.end();
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
      take: (message) => this.take(kind, message),
      onCancelled: () => this.onCancelled(),
    });
  }

  onCancelled(): void {
    this.#giveUpSoon('the queue that the other end sends to is gone');
  }

  #publish(kind: LaneClass, type: string, content: Buffer): Promise<void> {
    this.#sent[kind]++;
    const taken = this.#options.connection.publish(kind, { queue: this.#options.queues.out[kind], type, content });
    // amqplib has copied it into frames of its own.
    giveBack(content);
    return taken;
  }

  /** False: not of the session's other end, so that whoever put it there does the session no harm. */
  take(kind: LaneClass, { content, properties }: ConsumeMessage): boolean {
    const type: unknown = properties.type;
    const lane = type === sessionType ? 'session' : typeof type === 'string' ? parseLane(type) : null;
    // On the queue of the other class it was put by somebody who has copied it.
    const isHere = lane !== null && (lane === 'session' ? 'control' : classOf(lane)) === kind;
    const piece = isHere ? this.#seal.openPiece(lane, content) : null;
    if (!isHere || piece === null) {
      this.#foreign++;
      return false;
    }
    if (this.session.ended) return true;
    this.#received++;
    if (piece.lane === willLaneNumber) this.#onWill(piece.body);
    else if (lane === 'session') this.#words.hear(piece.sequence, piece.body);
    else this.session.take(lane, streamName(this.#options.queues.in[kind], lane), piece);
    this.#words.came();
    return true;
  }

  /** The broker passes it on when its sender's connection has gone: that it has is the broker's word. */
  #onWill(body: Uint8Array): void {
    const reason = 'the broker says that the other end vanished';
    if (decodeWord(body)?.type !== 'vanished') return this.session.broken('a last will says something else');
    if (this.#options.elsewhere) this.session.doubted(reason);
    else this.session.lost(reason);
  }

  #giveUpSoon(reason: string): void {
    if (this.session.ended || this.#words.over) return;
    this.#patience ??= this.#options.clock.timer(farewellGraceMs, () => this.session.lost(reason));
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
    const { piece, bytes } = wordPiece({ type: 'vanished' }, willLaneNumber, 0);
    return this.#seal.closePiece('session', piece, wordBody(bytes));
  }
}

/** A queue that is gone is the first sign of a farewell that is still being read; it gets this long to show. */
const farewellGraceMs = 500;

/** As people know it: a queue, and of a bulk queue which of its lanes. */
function streamName(queue: string, lane: Lane): string {
  return lane === 'control' ? queue : `${queue} ${lane.slice('bulk:'.length)}`;
}
