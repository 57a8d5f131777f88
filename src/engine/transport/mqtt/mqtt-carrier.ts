import type { Clock } from '#shared/base/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Carrier, PassageWord, SessionWord, Way } from '../credited/carrier.ts';
import type { PieceSize } from '../credited/piece-size.ts';
import { CreditedSession } from '../credited/credited-session.ts';
import { laneName, parseLane } from '../credited/lane-name.ts';
import {
  decodePiece,
  encodePieceHeader,
  pieceHeaderBytes,
  type PartsReader,
  type PieceHeader,
} from '../credited/piece.ts';
import type { CloseReason, Lane } from '../transport.ts';
import type { BrokerWay } from './broker-way.ts';
import { decodeControl, encodeControl } from './control-message.ts';
import type { Direction } from './topics.ts';
import { whenSettled } from '../when-settled.ts';

export interface MqttCarrierOptions {
  readonly connection: BrokerWay;
  /** `roundscope/<run>/<participant>/<session>`. */
  readonly base: string;
  readonly outgoing: Direction;
  readonly remote: string;
  /** Where the broker is the coordinator's own: what TLS has proved. */
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
  readonly way?: Way;
  readonly windowBytes = { control: limits.mqttControlWindowBytes, bulk: limits.mqttBulkWindowBytes };
  readonly session: CreditedSession;
  readonly #options: MqttCarrierOptions;
  #received = 0;

  constructor(options: MqttCarrierOptions) {
    this.#options = options;
    this.remote = options.remote;
    this.peerIdentity = options.peerIdentity;
    if (options.elsewhere) this.way = this.#makeWay();
    this.session = new CreditedSession(this, options.clock);
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

  send(lane: Lane, piece: PieceHeader, body: { readonly parts: PartsReader; readonly bytes: number }): Promise<void> {
    const payload = Buffer.allocUnsafe(pieceHeaderBytes + body.bytes);
    encodePieceHeader(payload, piece);
    body.parts.read(payload, pieceHeaderBytes, body.bytes);
    return this.#options.connection.publish(this.streamOf(lane), payload);
  }

  tell(word: SessionWord | PassageWord): Promise<void> {
    return this.#options.connection.publish(this.#topic('session'), encodeControl(word));
  }

  counters(): readonly { readonly name: string; readonly value: number }[] {
    return [
      { name: 'publishes_sent', value: this.#options.connection.published },
      { name: 'publishes_received', value: this.#received },
    ];
  }

  release(end: CloseReason & { readonly abrupt: boolean }): Promise<void> {
    return this.#options.release(end);
  }

  /** A publish on a topic of this session; `what` is the part below `up/` or `down/`. */
  receive(what: string, topic: string, payload: Buffer): void {
    if (this.session.ended) return;
    this.#received++;
    if (what === 'session') return this.#onControl(payload);
    const lane = parseLane(what);
    const piece = decodePiece(payload);
    if (lane === null || piece === null) return this.session.broken(`a publish on ${topic} is none of this protocol`);
    this.session.take(lane, topic, piece);
  }

  #topic(what: string): string {
    return `${this.#options.base}/${this.#options.outgoing}/${what}`;
  }

  #onControl(payload: Buffer): void {
    const message = decodeControl(payload);
    if (message === null) return this.session.broken('a session message is malformed');
    if (message.type !== 'open' && message.type !== 'accept' && message.type !== 'refuse') this.session.told(message);
  }

  #makeWay(): Way {
    const { base, outgoing, size } = this.#options;
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
