import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { abortable } from '../shared/abortable.ts';
import type { CloseReason, Lane } from '../transport.ts';
import { classOf, type Asked, type Carrier, type LaneClass, type Way } from './carrier.ts';
import type { LaneSender } from './lane-sender.ts';
import { Passage } from './passage.ts';
import { emptyPiece, PartsReader, type PieceBody, type PieceHeader } from './piece.ts';
import { pieceBytesMin, PieceRefused } from './piece-size.ts';

export interface ProverParts {
  readonly carrier: Carrier;
  readonly way: Way;
  readonly clock: Clock;
  readonly lanes: LaneSender;
  /** Sends without waiting; what fails ends the session. */
  readonly hand: (lane: Lane, piece: PieceHeader, body: PieceBody) => void;
  /** Is under way until then, and never rejects. */
  readonly track: (sending: Promise<void>) => void;
  /** Ends the session with what the broker says, and tells the peer. */
  readonly refuse: (reason: string) => void;
  readonly ended: () => CloseReason | null;
  /** Pieces have become smaller. */
  readonly onSmaller: () => void;
}

/** Pieces are asked after this often while some are on their way, and a silent one gets this long. */
const askAfterMs = 3000;
const swallowedMs = 2000;
/** Of ours alone: on the way it is a number, like all. */
const openingLane = 'bulk:opening';

/** Sends pieces through a broker of somebody else's, and finds out which of them pass. Decision 0067. */
export class Prover {
  readonly passage: Passage;
  readonly #parts: ProverParts;
  #opening: Promise<void> | null = null;
  /** The last bulk piece that was not asked after, and when some will be. */
  #newest: Asked | null = null;
  #asking: Disposable | null = null;

  constructor(parts: ProverParts) {
    this.#parts = parts;
    this.passage = new Passage(parts.way, parts.clock);
  }

  /** Whether bulk passes at all is asked while the session opens; what is bulk waits for the answer. */
  async open(kind: LaneClass, signal: AbortSignal): Promise<void> {
    if (this.#opening === null) {
      this.#opening = this.#openBulk();
      // Rejects when the session ends, which whoever sends is told.
      this.#opening.catch(() => undefined);
    }
    if (kind === 'bulk') await abortable(this.#opening, signal);
  }

  /** False: it did not pass, and another one may be tried. */
  async send(name: Lane, piece: PieceHeader, body: PieceBody, signal: AbortSignal): Promise<boolean> {
    const kind = classOf(name);
    const asked = { lane: name, number: piece.lane, sequence: piece.sequence };
    if (this.passage.isProven(kind, body.bytes)) {
      this.#parts.hand(name, piece, body);
      if (kind === 'bulk') this.#askLater(asked);
      return true;
    }
    if (kind === 'bulk' || body.bytes > pieceBytesMin) return await this.#prove(name, { piece, body, asked }, signal);
    this.#parts.hand(name, piece, body);
    this.passage.passed('control', pieceBytesMin);
    spawn('asking the broker what passes', this.#mustBeThere('control', asked));
    return true;
  }

  end(error: unknown): void {
    this.passage.end(error);
    this.#asking?.[Symbol.dispose]();
  }

  async #openBulk(): Promise<void> {
    const { signal } = new AbortController();
    await this.#parts.lanes.inTurn(openingLane, signal, async (lane) => {
      const body = { parts: new PartsReader([]), bytes: 0 };
      let passes = false;
      while (!passes && this.#parts.ended() === null) {
        const piece = { ...emptyPiece, laneEnd: true, lane: lane.number, sequence: lane.next++ };
        passes = await this.send(`bulk:${lane.number}`, piece, body, signal);
      }
      lane.ended = true;
    });
  }

  async #prove(
    name: Lane,
    what: { readonly piece: PieceHeader; readonly body: PieceBody; readonly asked: Asked },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { piece, body, asked } = what;
    const { carrier, ended, refuse, track, way, onSmaller } = this.#parts;
    const mark = body.parts.mark();
    const answer: { refused: Error | null } = { refused: null };
    track(
      carrier.send(name, piece, body).catch((error: unknown) => {
        answer.refused = error instanceof Error ? error : new Error(String(error));
      }),
    );
    try {
      const come = this.passage.hasCome(asked, () => answer.refused);
      if (await abortable(come, signal)) {
        this.passage.passed(classOf(name), body.bytes);
        return true;
      }
      body.parts.rewind(mark);
      const before = carrier.pieceBytes;
      await this.passage.notPassed(classOf(name), body.bytes, answer.refused, signal);
      if (carrier.pieceBytes < before) onSmaller();
      return false;
    } catch (error) {
      // A broker that cuts the connection over what is too large says no more than that.
      if (ended()?.code === 'lost') way.size.shrinkBelow(body.bytes);
      if (error instanceof PieceRefused) refuse(error.message);
      throw error;
    }
  }

  #askLater(asked: Asked): void {
    this.#newest = asked;
    this.#asking ??= this.#parts.clock.timer(askAfterMs, () => {
      this.#asking = null;
      if (this.#newest !== null) spawn('asking the broker what passes', this.#mustBeThere('bulk', this.#newest));
      this.#newest = null;
    });
  }

  async #mustBeThere(kind: LaneClass, asked: Asked): Promise<void> {
    // Rejects when the session ends: there is nothing to be known then.
    const there = await this.passage.isThere(asked, swallowedMs).catch(() => true);
    if (!there) this.#parts.refuse(this.passage.why(kind, 0, null));
  }
}
