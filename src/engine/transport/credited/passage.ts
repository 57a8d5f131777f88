import type { Clock } from '#shared/base/time/clock.ts';
import type { Asked, LaneClass, PassageWord, Way } from './carrier.ts';
import { PieceRefused } from './piece-size.ts';

/** The word may overtake the piece that it asks for. */
const overtakenMs = 200;
const pauseFirstMs = 1000;
const pauseMaxMs = 8000;

/**
 * What is known of the way to the peer through a broker that may swallow, refuse or not pass on what is published. A piece
 * larger than any that has passed is followed by a word that asks for it, and nothing goes behind it until that is answered:
 * one round trip, once for each size. An echo of one's own topic would need rights that nobody else needs, would take bytes
 * of its own, and would show nothing of the topics in use.
 */
export class Passage {
  readonly way: Way;
  readonly #clock: Clock;
  readonly #asked = new Map<string, PromiseWithResolvers<boolean>>();
  /** Largest body that has passed; null: nothing has. */
  readonly #passed: Record<LaneClass, number | null> = { control: null, bulk: null };
  readonly #over = new AbortController();
  #trouble = '';
  #pauseMs = pauseFirstMs;

  constructor(way: Way, clock: Clock) {
    this.way = way;
    this.#clock = clock;
  }

  /** What keeps bulk pieces from passing, in words for people; empty: nothing that is known. */
  get trouble(): string {
    return this.#trouble;
  }

  isProven(kind: LaneClass, bytes: number): boolean {
    return bytes <= (this.#passed[kind] ?? -1);
  }

  /** Whether a piece has come; one that has not will not be taken any more. Rejects when the session ends. */
  async hasCome(piece: Asked, refused: () => Error | null): Promise<boolean> {
    if (await this.#ask(piece, false)) return true;
    if (refused() === null) await this.#clock.sleep(overtakenMs, { signal: this.#over.signal });
    return this.#ask(piece, true);
  }

  /** The same of a piece that is not given up: asked twice, `patienceMs` apart. */
  async isThere(piece: Asked, patienceMs: number): Promise<boolean> {
    if (await this.#ask(piece, false)) return true;
    await this.#clock.sleep(patienceMs, { signal: this.#over.signal });
    return this.#ask(piece, false);
  }

  answered({ came, ...piece }: Asked & { readonly came: boolean }): void {
    const key = keyOf(piece);
    this.#asked.get(key)?.resolve(came);
    this.#asked.delete(key);
  }

  passed(kind: LaneClass, bytes: number): void {
    this.#passed[kind] = Math.max(this.#passed[kind] ?? 0, bytes);
    this.#pauseMs = pauseFirstMs;
    if (kind === 'bulk') this.#say('');
  }

  /**
   * A piece has not come: resolves when another one may be tried, smaller or after a pause.
   * @throws PieceRefused for control, without which there is no session; the reason of whatever ends before
   */
  async notPassed(kind: LaneClass, bytes: number, refused: Error | null, signal: AbortSignal): Promise<void> {
    if (this.#isSize(kind, bytes, refused) && this.way.size.shrinkBelow(bytes)) return;
    const reason = this.why(kind, bytes, refused);
    if (kind === 'control') throw new PieceRefused(reason, false);
    this.#say(reason);
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(2 * pauseMs, pauseMaxMs);
    await this.#clock.sleep(pauseMs, { signal: AbortSignal.any([signal, this.#over.signal]) });
  }

  /** Why it does not pass, in the broker's own words where it has any. */
  why(kind: LaneClass | 'session', bytes: number, refused: Error | null): string {
    const said = refused instanceof PieceRefused ? refused.message : '';
    if (this.#isSize(kind, bytes, refused)) {
      const says = said === '' ? '' : ` (it says: ${said})`;
      return `the broker takes no packet of ${Math.ceil(bytes / 1024)} KiB${says}: raise max_packet_size / message_size_limit there`;
    }
    const place = this.way.place(kind);
    return said === ''
      ? `what is published on ${place} does not come out of the broker, which does not say why; look at the rights to publish and to read there`
      : `the broker does not take what is published on ${place} (it says: ${said})`;
  }

  end(error: unknown): void {
    this.#over.abort(error);
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }

  /** Where something smaller has passed, and in silence, it is no right that is missing. */
  #isSize(kind: LaneClass | 'session', bytes: number, refused: Error | null): boolean {
    if (refused instanceof PieceRefused) return refused.tooLarge;
    return bytes > 0 && kind !== 'session' && this.#passed[kind] !== null;
  }

  #say(reason: string): void {
    if (this.#trouble === reason) return;
    this.#trouble = reason;
    this.#tell({ type: 'trouble', reason: reason.slice(0, 500) });
  }

  /** What fails, fails with the connection, whose end the session hears of. */
  #tell(word: PassageWord): void {
    this.way.tell(word).catch(() => undefined);
  }

  #ask(piece: Asked, skip: boolean): Promise<boolean> {
    this.#over.signal.throwIfAborted();
    const waiting = Promise.withResolvers<boolean>();
    // Who waits may have given up meanwhile.
    waiting.promise.catch(() => undefined);
    this.#asked.set(keyOf(piece), waiting);
    this.#tell({ type: 'ask', ...piece, skip });
    return waiting.promise;
  }
}

function keyOf({ lane, number, sequence }: Asked): string {
  return `${number}/${sequence}/${lane}`;
}
