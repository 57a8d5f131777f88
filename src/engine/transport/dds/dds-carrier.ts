import type { Clock } from '#shared/base/time/clock.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { classOf, type Carrier, type SessionWord } from '../credited/carrier.ts';
import { CreditedSession } from '../credited/credited-session.ts';
import { bodyOf, type PieceBody, type PieceHeader } from '../credited/piece.ts';
import { abortable } from '../shared/abortable.ts';
import { Conversation } from '../sealed/conversation.ts';
import type { SealedLane } from '../sealed/piece-cover.ts';
import type { Word } from '../sealed/words.ts';
import { sessionEnded } from '../session-errors.ts';
import type { CloseReason, Lane } from '../transport.ts';
import { laneOf, pieceFlags, pieceOf } from './sample-piece.ts';
import { topicNames, type SampleBody, type SampleClass, type Side } from './worker/worker-protocol.ts';

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
  /** Who signed for the session's keys; null: that is left to the hello. */
  readonly peerIdentity: string | null;
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
  readonly peerIdentity: string | null;
  readonly channel: string;
  readonly pieceBytes: number;
  readonly namesSealed = true;
  readonly windowBytes = { control: limits.ddsControlWindowBytes, bulk: limits.ddsBulkWindowBytes };
  /** DDS itself tells no round-trip time. */
  readonly rttMs = null;
  readonly session: CreditedSession;
  /** The other end has the session's key and hears us. */
  readonly ready = Promise.withResolvers<void>();
  readonly #options: DdsCarrierOptions;
  readonly #sent = { control: 0, bulk: 0 };
  readonly #received = { control: 0, bulk: 0 };
  readonly #words: Conversation;
  #forged = 0;

  constructor(options: DdsCarrierOptions) {
    this.#options = options;
    this.remote = options.remote;
    this.peerIdentity = options.peerIdentity;
    this.channel = options.binding;
    this.pieceBytes = options.sampleBytes;
    this.session = new CreditedSession(this, options.clock);
    const onReady = (): void => this.ready.resolve();
    this.#words = new Conversation({ session: this.session, clock: options.clock, onReady });
  }

  /** Chunks of which each fits into one sample with its frame's header. */
  get chunkBytes(): number {
    return Math.max(1024, this.#options.sampleBytes - 4096);
  }

  streamOf(lane: Lane): string {
    return topicOf(lane, this.#options.side);
  }

  /** Given to the thread at once, which never fails to take it: credit bounds what is under way. */
  send(lane: Lane, piece: PieceHeader, body: PieceBody): Promise<void> {
    this.#write(classOf(lane), lane, piece, bodyOf(body));
    return Promise.resolve();
  }

  tell(word: SessionWord): Promise<void> {
    this.#say(word.type === 'close' ? { ...word, pieces: this.#sent.bulk } : word);
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
    const first = this.#words.say({ type: 'ready' });
    const say = (againMs: number): void => {
      this.#write('control', 'session', first.piece, first.bytes);
      timers.use(clock.timer(againMs, () => say(Math.min(2 * againMs, timing.ddsReadyMaxMs))));
    };
    say(timing.ddsReadyFirstMs);
    const ended = this.session.closed.then((end) => {
      throw sessionEnded(end);
    });
    await abortable(Promise.race([this.ready.promise, ended]), signal);
  }

  /** The coordinator's first word: it has heard the participant's, which was said when all that it reads was found. */
  answerReady(): void {
    this.#say({ type: 'ready' });
  }

  counters(): readonly { readonly name: string; readonly value: number }[] {
    return [
      { name: 'samples_sent', value: this.#sent.control + this.#sent.bulk },
      { name: 'samples_received', value: this.#received.control + this.#received.bulk },
      { name: 'samples_forged', value: this.#forged },
      { name: 'words_repeated', value: this.#words.repeated },
    ];
  }

  async release({ abrupt, code, local }: CloseReason & { readonly abrupt: boolean }): Promise<void> {
    this.#words.end();
    const { channel, release } = this.#options;
    if (abrupt && code === 'aborted') await channel.cut();
    else await channel.close(local && !abrupt ? timing.closeTimeoutMs : 0);
    await release();
  }

  /** Samples of the peer, opened; `forged`: how many were none of its own. */
  receive(from: SampleClass, samples: readonly SampleBody[], forged: number): void {
    this.#forged += forged;
    for (const sample of samples) {
      if (this.session.ended) return;
      this.#received[from]++;
      this.#take(from, sample);
    }
    this.#words.came();
  }

  #take(from: SampleClass, sample: SampleBody): void {
    const [lane, piece] = [laneOf(sample), pieceOf(sample)];
    // On the topic of the other class it was put by somebody who has copied it.
    if (lane === null || piece === null || (lane === 'session' ? 'control' : classOf(lane)) !== from) this.#forged++;
    else if (lane === 'session') this.#words.hear(piece.sequence, piece.body);
    else this.session.take(lane, topicOf(lane, this.#options.side === 'up' ? 'down' : 'up'), piece);
  }

  #say(word: Word): void {
    const { piece, bytes } = this.#words.say(word);
    this.#write('control', 'session', piece, bytes);
  }

  #write(to: SampleClass, lane: SealedLane, piece: PieceHeader, body: Uint8Array): void {
    this.#sent[to]++;
    const { lane: laneNumber, sequence: number, frameBytes } = piece;
    // Handed over: all of its buffer, and only once.
    const bytes = body.byteLength === body.buffer.byteLength && lane !== 'session' ? body : body.slice();
    this.#options.channel.send(to, { lane, laneNumber, number, flags: pieceFlags(piece), frameBytes, bytes });
  }
}

function topicOf(lane: Lane, side: Side): string {
  return lane === 'control'
    ? `${topicNames.control}_${side}`
    : `${topicNames.bulk}_${side} ${lane.slice('bulk:'.length)}`;
}
