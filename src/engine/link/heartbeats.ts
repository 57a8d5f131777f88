import { timing } from '#shared/contract/limits.ts';
import type { LinkFrameOf } from './link-frames.ts';

/** Own heart-beats whose echo can still be timed. */
const timedMax = 8;

/** Numbers heart-beats and times their echoes: a round trip without a reply of its own, net of the time it lay there. */
export class Heartbeats {
  readonly #sentMs = new Map<number, number>();
  #sent = 0;
  #peer: { readonly n: number; readonly atMs: number } | null = null;
  #rttMs: number | null = null;
  #slowInARow = 0;

  get rttMs(): number | null {
    return this.#rttMs;
  }

  /** Latest round trips that were slow, without a fast one between. */
  get slowInARow(): number {
    return this.#slowInARow;
  }

  next(nowMs: number, ack: number): LinkFrameOf<'heartbeat'> {
    this.#sentMs.set(++this.#sent, nowMs).delete(this.#sent - timedMax);
    const echo = this.#peer === null ? {} : { echo: { n: this.#peer.n, held: Math.max(0, nowMs - this.#peer.atMs) } };
    return { t: 'heartbeat', n: this.#sent, ...echo, ack };
  }

  /** Returns the round trip that it tells, or null. */
  take({ n, echo }: LinkFrameOf<'heartbeat'>, nowMs: number): number | null {
    this.#peer = { n, atMs: nowMs };
    const sentMs = echo === undefined ? undefined : this.#sentMs.get(echo.n);
    if (echo === undefined || sentMs === undefined) return null;
    this.#rttMs = Math.max(0, nowMs - sentMs - echo.held);
    this.#slowInARow = this.#rttMs >= timing.degradedRoundTripMs ? this.#slowInARow + 1 : 0;
    return this.#rttMs;
  }
}
