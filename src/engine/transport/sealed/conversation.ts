import type { Clock } from '#shared/base/time/clock.ts';
import { timing } from '#shared/contract/limits.ts';
import type { CreditedSession } from '../credited/credited-session.ts';
import { PartsReader, type PieceBody, type PieceHeader } from '../credited/piece.ts';
import { sessionLaneNumber } from './seal.ts';
import { decodeWord, encodeWord, type Word } from './words.ts';

type Close = Extract<Word, { readonly type: 'close' }>;

export interface ConversationParts {
  readonly session: CreditedSession;
  readonly clock: Clock;
  /** The other end has the session's keys and hears us. */
  readonly onReady?: () => void;
}

/**
 * The words of a session, numbered in each direction: one that comes again is passed over, one that is missing ends the
 * session. A farewell waits for the pieces that were sent before it.
 */
export class Conversation {
  readonly #parts: ConversationParts;
  /** Words of the other end that came again. */
  repeated = 0;
  #nextSaid = 0;
  #nextHeard = 0;
  #farewell: Close | null = null;
  #patience: Disposable | null = null;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  /** Whether the other end has said goodbye. */
  get over(): boolean {
    return this.#farewell !== null;
  }

  /** What is said next, as a piece. */
  say(word: Word): { readonly piece: PieceHeader; readonly bytes: Uint8Array } {
    return wordPiece(word, sessionLaneNumber, this.#nextSaid++);
  }

  /** The word `sequence` of the other end, proved to be its own. */
  hear(sequence: number, bytes: Uint8Array): void {
    const { session, clock, onReady } = this.#parts;
    if (sequence < this.#nextHeard) {
      this.repeated++;
      return;
    }
    if (sequence > this.#nextHeard) return session.lost('messages about the session were lost');
    this.#nextHeard++;
    const word = decodeWord(bytes);
    if (word === null) return session.broken('a message about the session is malformed');
    switch (word.type) {
      case 'ready':
        return onReady?.();
      case 'vanished':
        return session.broken('a last will comes among the words of who lives');
      case 'close':
        this.#farewell = word;
        this.#patience?.[Symbol.dispose]();
        // What has not come by then will not: the peer keeps nothing any more that could send it.
        this.#patience = clock.timer(timing.closeTimeoutMs, () => session.told(word));
        return this.came();
      default:
        session.told(word);
    }
  }

  /** Something of the other end was taken, perhaps the last that its farewell waits for. */
  came(): void {
    const { session } = this.#parts;
    if (this.#farewell !== null && session.bulkTaken >= this.#farewell.pieces) session.told(this.#farewell);
  }

  end(): void {
    this.#patience?.[Symbol.dispose]();
  }
}

/** A word as the body of its piece. */
export function wordBody(bytes: Uint8Array): PieceBody {
  return { parts: new PartsReader([bytes]), bytes: bytes.byteLength };
}

export function wordPiece(
  word: Word,
  lane: number,
  sequence: number,
): { readonly piece: PieceHeader; readonly bytes: Uint8Array } {
  const bytes = encodeWord(word);
  const ends = { first: true, last: true, laneEnd: false, abandon: false };
  return { piece: { ...ends, lane, sequence, frameBytes: bytes.byteLength }, bytes };
}
