import { timing } from '#shared/contract/limits.ts';
import type { LinkFrameOf } from '../link-frames.ts';

/** Own heartbeats whose echo can still be timed. */
const timedMax = 8;

/** One of ours that a peer which speaks again has not heard after so long is lost, or stuck behind what is. */
const unheardMs = 1.5 * timing.heartbeatMs;

/**
 * Numbers heartbeats and times their echoes: a round trip without a reply of its own, net of the time it lay there.
 * Decision 0082.
 */
export class Heartbeats {
  readonly #sentMs = new Map<number, number>();
  #sent = 0;
  #peer: { readonly n: number; readonly atMs: number } | null = null;
  #rttMs: number | null = null;
  #slowInARow = 0;
  /** The end of the peer's last silence, until it echoes a heartbeat that was sent since. */
  #backMs: number | null = null;
  #isUnheard = false;
  #echoed = 0;

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
    this.#listen(echo?.n ?? 0, nowMs);
    this.#peer = { n, atMs: nowMs };
    const sentMs = echo === undefined ? undefined : this.#sentMs.get(echo.n);
    if (echo === undefined || sentMs === undefined) return null;
    this.#rttMs = Math.max(0, nowMs - sentMs - echo.held);
    this.#slowInARow = this.#rttMs >= timing.degradedRoundTripMs ? this.#slowInARow + 1 : 0;
    return this.#rttMs;
  }

  /**
   * The peer speaks again after a silence and shows by its echoes that nothing of ours reaches it any more. While its process stood
   * still a whole window of a QUIC session may have been lost at its socket, and what was not lost was acknowledged late: a
   * round trip of 4 s measured by that lets the sender wait for 4 to 8 s before it sends again (RFC 9002, 5.3 and 6.2.1). A
   * new session has no such memory. Where echoes only lag, as on a slow network, each still tells of another heartbeat.
   */
  get isUnheard(): boolean {
    return this.#isUnheard;
  }

  #listen(echoed: number, nowMs: number): void {
    const pauseMs = this.#peer === null ? 0 : nowMs - this.#peer.atMs;
    const isNews = echoed > this.#echoed;
    this.#echoed = Math.max(this.#echoed, echoed);
    if (pauseMs >= timing.degradedSilentMs) this.#backMs = nowMs;
    else if (this.#backMs === null) return;
    else if (isNews) this.#backMs = (this.#sentMs.get(echoed) ?? 0) >= this.#backMs ? null : this.#backMs;
    // Those that come at once were sent before any of ours could arrive.
    else if (pauseMs >= timing.heartbeatMs / 2) this.#isUnheard = this.#onItsWayMs(echoed, nowMs) >= unheardMs;
  }

  /** How long the first of ours after that which was echoed has been on its way. */
  #onItsWayMs(echoed: number, nowMs: number): number {
    const sentMs = this.#sentMs.get(Math.max(echoed + 1, this.#sent - timedMax + 1));
    return sentMs === undefined ? 0 : nowMs - sentMs;
  }
}
