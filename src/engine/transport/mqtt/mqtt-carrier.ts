import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Carrier, PassageWord, SessionWord, Way } from '../credited/carrier.ts';
import type { PieceSize } from '../credited/piece-size.ts';
import { CreditedSession } from '../credited/credited-session.ts';
import { laneName, parseLane } from '../credited/lane-name.ts';
import type { PieceBody, PieceHeader } from '../credited/piece.ts';
import { Conversation, wordBody } from '../sealed/conversation.ts';
import type { SessionKeys } from '../sealed/handshake.ts';
import { uncovered, type PieceCover } from '../sealed/piece-cover.ts';
import { Seal } from '../sealed/seal.ts';
import type { CloseReason, Lane } from '../transport.ts';
import { whenSettled } from '../shared/when-settled.ts';
import type { BrokerWay } from './broker/broker-way.ts';
import type { Direction } from './topics.ts';

export interface MqttCarrierOptions {
  readonly connection: BrokerWay;
  /** `roundscope/<run>/<participant>/<session>`. */
  readonly base: string;
  readonly remote: string;
  readonly keys: SessionKeys;
  /** The coordinator, which has signed for the keys; a participant where the broker is the coordinator's own: what TLS has proved. */
  readonly peerIdentity: string | null;
  readonly size: PieceSize;
  /** The broker is neither end's own: what it lets pass has to be found out. */
  readonly elsewhere: boolean;
  readonly clock: Clock;
  /** Lets go of what the session used; called once, after it has ended. */
  readonly release: (end: CloseReason & { readonly abrupt: boolean }) => Promise<void>;
}

/** A session over topics of its own; both ends are MQTT clients and run this same code. */
export class MqttCarrier implements Carrier {
  readonly protocol = 'mqtt';
  readonly stack = 'mqtt.js';
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly channel: string;
  readonly way?: Way;
  readonly namesSealed?: true;
  readonly windowBytes = { control: limits.mqttControlWindowBytes, bulk: limits.mqttBulkWindowBytes };
  readonly session: CreditedSession;
  readonly #options: MqttCarrierOptions;
  readonly #cover: PieceCover;
  readonly #words: Conversation;
  #received = 0;
  /** Publishes on our topics that were not sealed by the other end. */
  #foreign = 0;

  constructor(options: MqttCarrierOptions) {
    this.#options = options;
    this.remote = options.remote;
    this.peerIdentity = options.peerIdentity;
    this.channel = options.keys.channel;
    this.#cover = options.elsewhere ? new Seal(options.keys) : uncovered;
    if (options.elsewhere) {
      this.way = this.#makeWay();
      this.namesSealed = true;
    }
    this.session = new CreditedSession(this, options.clock);
    this.#words = new Conversation({ session: this.session, clock: options.clock });
    const waiting = whenSettled(options.connection.closed, (reason) => this.session.lost(reason));
    spawn(
      'watching a session',
      this.session.closed.then(() => waiting[Symbol.dispose]()),
    );
  }

  get pieceBytes(): number {
    return this.#options.size.bytes;
  }

  get rttMs(): number | null {
    return this.#options.connection.rttMs;
  }

  streamOf(lane: Lane): string {
    return this.#topic(laneName(lane));
  }

  room(): Promise<void> | null {
    return this.#options.connection.room();
  }

  send(lane: Lane, piece: PieceHeader, body: PieceBody): Promise<void> {
    const payload = this.#cover.closePiece(lane, piece, body);
    return this.#options.connection.publish(this.streamOf(lane), payload, 'hand over');
  }

  tell(word: SessionWord | PassageWord): Promise<void> {
    // What one client publishes arrives in its order, so a farewell has nothing to wait for.
    const { piece, bytes } = this.#words.say(word.type === 'close' ? { ...word, pieces: 0 } : word);
    return this.#options.connection.publish(
      this.#topic('session'),
      this.#cover.closePiece('session', piece, wordBody(bytes)),
    );
  }

  counters(): readonly { readonly name: string; readonly value: number }[] {
    return [
      { name: 'publishes_sent', value: this.#options.connection.published },
      { name: 'publishes_received', value: this.#received },
      { name: 'messages_foreign', value: this.#foreign },
      { name: 'words_repeated', value: this.#words.repeated },
    ];
  }

  release(end: CloseReason & { readonly abrupt: boolean }): Promise<void> {
    this.#words.end();
    return this.#options.release(end);
  }

  /** A publish on a topic of this session, of anybody who may publish there; `what` is the part below `up/` or `down/`. */
  receive(what: string, topic: string, payload: Buffer): void {
    if (this.session.ended) return;
    const lane = what === 'session' ? what : parseLane(what);
    const piece = lane === null ? null : this.#cover.openPiece(lane, payload);
    if (lane === null || piece === null) {
      this.#foreign++;
      // At the coordinator's own broker nobody else may publish here.
      if (!this.#options.elsewhere) this.session.broken(`a publish on ${topic} is none of this protocol`);
      return;
    }
    this.#received++;
    if (lane === 'session') this.#words.hear(piece.sequence, piece.body);
    else this.session.take(lane, topic, piece);
  }

  /** The broker says that the other end has gone; of the coordinator's own that is known, elsewhere anybody may say it. */
  saidGone(reason: string): void {
    if (this.#options.elsewhere) this.session.doubted(reason);
    else this.session.lost(reason);
  }

  #topic(what: string): string {
    return `${this.#options.base}/${this.#options.keys.outgoing}/${what}`;
  }

  #makeWay(): Way {
    const { base, size } = this.#options;
    const { outgoing } = this.#options.keys;
    const incoming: Direction = outgoing === 'up' ? 'down' : 'up';
    return {
      size,
      // With a wildcard for the session, as access rules have it; so the words are the same in the next one.
      place: (kind) => `${base.slice(0, base.lastIndexOf('/'))}/+/${outgoing}/${kind}${kind === 'bulk' ? '/#' : ''}`,
      heardOn: (lane) => `${base}/${incoming}/${laneName(lane)}`,
      tell: (word) => this.tell(word),
    };
  }
}
