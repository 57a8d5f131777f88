import type { Random } from '#shared/base/random.ts';
import type { Way } from './way.ts';

/** Payload of a segment on Ethernet with timestamps. */
const segmentBytes = 1448;
/** RFC 6928. */
const initialWindowBytes = 10 * segmentBytes;
/** Constant of Mathis, Semke, Mahdavi, Ott, "The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm", 1997. */
const mathisConstant = Math.sqrt(3 / 2);
/** Three later segments tell the sender of a loss; with fewer in flight only its timer does. */
const fastRetransmitSegments = 4;
/** Linux's least; RFC 6298 would have a second. */
const timeoutMsMin = 200;
/** RFC 6298: before a round trip has been measured. */
const firstTimeoutMs = 1000;
const timeoutMsMax = 60_000;

const pieceBytesMax = 32 * 1024;

export interface Arrival {
  /** When the bytes come out at the other end. */
  readonly at: number;
  /** Segments that had to be sent again. */
  readonly retransmitted: number;
}

/**
 * What TCP makes of a network, for one direction of one connection. A relay of bytes cannot lose any: it shows what the
 * two TCPs at the ends of that network would.
 *
 * - A window limits what is under way: from ten segments it grows with what is acknowledged (slow start), up to
 *   `segment x C / sqrt(loss)`, which is the rate of Mathis et al. `(segment / round trip) x C / sqrt(loss)`.
 * - A lost segment holds up all behind it: for a round trip where later ones tell the sender (fast retransmit), for its
 *   timeout where they do not, twice as long each time that it is lost again.
 *
 * Not modelled: CUBIC, which is faster than this on long paths; loss of acknowledgements, which cover each other.
 * Decision 0052.
 */
export class TcpPath {
  readonly #there: Way;
  readonly #back: Way;
  readonly #random: Random;
  /** Bytes under way, by when they are acknowledged. */
  readonly #unacknowledged: { readonly at: number; readonly bytes: number }[] = [];
  #inFlight = 0;
  #acknowledged = 0;
  #lastAt = 0;

  constructor(ways: { readonly there: Way; readonly back: Way }, random: Random) {
    this.#there = ways.there;
    this.#back = ways.back;
    this.#random = random;
  }

  /** How long SYN and SYN-ACK take, each as often as it is lost. */
  handshakeMs(): number {
    let waited = 0;
    for (let timeout = firstTimeoutMs; this.#lostRoundTrip() && timeout < timeoutMsMax; timeout *= 2) waited += timeout;
    return waited + this.#there.latency() + this.#back.latency();
  }

  /** Bytes enter; they come out in the order in which they entered. */
  send(sizeBytes: number, now: number): Arrival {
    this.#acknowledge(now);
    const sent = this.#there.reserve(sizeBytes, now, this.#windowOpensAt(sizeBytes, now));
    const nominal = sent + this.#there.latency();
    const { delayMs, retransmitted } = this.#lossDelay(sizeBytes);
    // Later losses are found out while an earlier one is repaired: they do not add up.
    this.#lastAt = Math.max(this.#lastAt, nominal + delayMs);
    // Selective acknowledgements go on during a fast retransmit; only a timeout stops the sender.
    const heard = delayMs > this.roundTripMs() ? this.#lastAt : nominal;
    this.#unacknowledged.push({ at: heard + this.#back.figures.latencyMs, bytes: sizeBytes });
    this.#inFlight += sizeBytes;
    return { at: this.#lastAt, retransmitted };
  }

  roundTripMs(): number {
    return Math.max(1, this.#there.figures.latencyMs + this.#back.figures.latencyMs);
  }

  windowBytes(): number {
    const loss = this.#there.figures.lossPercent / 100;
    const steady = loss === 0 ? Number.POSITIVE_INFINITY : (segmentBytes * mathisConstant) / Math.sqrt(loss);
    return Math.max(2 * segmentBytes, Math.min(initialWindowBytes + this.#acknowledged, steady));
  }

  /** Whole segments that go together: few enough for the window to matter, many enough to cost little. */
  pieceBytes(): number {
    const segments = Math.floor(Math.min(this.windowBytes() / 4, pieceBytesMax) / segmentBytes);
    return Math.max(1, segments) * segmentBytes;
  }

  #acknowledge(now: number): void {
    while ((this.#unacknowledged[0]?.at ?? Number.POSITIVE_INFINITY) <= now) this.#acknowledgeFirst();
  }

  #acknowledgeFirst(): number {
    const first = this.#unacknowledged.shift();
    if (first === undefined) return 0;
    this.#inFlight -= first.bytes;
    this.#acknowledged += first.bytes;
    return first.at;
  }

  #windowOpensAt(sizeBytes: number, now: number): number {
    let at = now;
    while (this.#unacknowledged.length > 0 && this.#inFlight + sizeBytes > this.windowBytes())
      at = Math.max(at, this.#acknowledgeFirst());
    return at;
  }

  #lossDelay(sizeBytes: number): { readonly delayMs: number; readonly retransmitted: number } {
    const loss = this.#there.figures.lossPercent / 100;
    let delayMs = 0;
    let retransmitted = 0;
    if (loss === 0) return { delayMs, retransmitted };
    const fast = this.#inFlight + sizeBytes >= fastRetransmitSegments * segmentBytes;
    const timeout = Math.max(timeoutMsMin, this.roundTripMs() + 4 * this.#there.figures.jitterMs);
    for (let left = sizeBytes; left > 0; left -= segmentBytes) {
      let waited = 0;
      for (let again = 0; this.#random.next() < loss && waited < timeoutMsMax; again++) {
        retransmitted++;
        waited += again === 0 && fast ? this.roundTripMs() : timeout * 2 ** again;
      }
      delayMs = Math.max(delayMs, waited);
    }
    return { delayMs, retransmitted };
  }

  #lostRoundTrip(): boolean {
    const [there, back] = [this.#there.figures.lossPercent, this.#back.figures.lossPercent];
    return this.#random.next() > (1 - there / 100) * (1 - back / 100);
  }
}
