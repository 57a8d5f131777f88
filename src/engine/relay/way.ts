import type { Random } from '#shared/base/random.ts';
import { limits } from '#shared/contract/limits.ts';
import { networkFigures, type NetworkConditions, type NetworkFigures } from '#shared/contract/run/network.ts';

/** What fits into one Ethernet frame; a larger datagram travels as fragments and is lost with any of them. */
const fragmentBytes = 1472;

export type PacketOutcome =
  | { readonly at: number; readonly dropped: null }
  | { readonly at: null; readonly dropped: 'lost' | 'overflowed' | 'swallowed' };

export interface WayCounts {
  packets: number;
  bytes: number;
  lost: number;
  overflowed: number;
  swallowed: number;
}

/**
 * One direction of one participant's network: says of each packet whether it arrives, and when. Pure but for its own
 * state; time and chance are given. Three numbers are drawn for each datagram whatever the figures are, so that the n-th
 * datagram of a seed meets the same luck under all of them.
 *
 * - Bandwidth is a token bucket as deep as one packet, in the form of a virtual clock: the link is busy until `#freeAt`.
 *   What waits for it longer than `relayQueueMs` is dropped at the tail.
 * - Loss is Bernoulli, per Ethernet frame.
 * - Delay is latency plus uniform jitter behind the link. Order is kept (a later packet waits for an earlier one), since a
 *   path's delay varies more slowly than its packets follow each other; `netem` without a queue behind it would let them
 *   overtake. Reordering is a chance of its own: a packet is held back so that others overtake it.
 */
export class Way {
  readonly counts: WayCounts = { packets: 0, bytes: 0, lost: 0, overflowed: 0, swallowed: 0 };
  readonly #random: Random;
  #figures: NetworkFigures = networkFigures.none;
  #outage: NetworkConditions['outage'] = 'none';
  /** When the narrow link has sent all that it has taken so far. */
  #freeAt = 0;
  #lastAt = 0;
  #heldBytes = 0;
  #delaySumMs = 0;
  #delivered = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get figures(): NetworkFigures {
    return this.#figures;
  }

  get outage(): NetworkConditions['outage'] {
    return this.#outage;
  }

  /** Bytes on their way. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  set({ figures, outage }: NetworkConditions, now: number): void {
    // What waits at the old rate waits no longer than that: a wider link would not leave it standing.
    const backlogBytes = this.backlogBytes(now);
    this.#figures = figures;
    this.#outage = outage;
    this.#freeAt = now + this.#sendingMs(backlogBytes);
  }

  /** A datagram has come; `at` is when it comes out at the other end. */
  datagram(sizeBytes: number, now: number): PacketOutcome {
    const [luck, swing, turn] = [this.#random.next(), this.#random.next(), this.#random.next()];
    this.counts.packets++;
    this.counts.bytes += sizeBytes;
    if (this.#outage !== 'none') return this.#drop('swallowed');
    if (!this.#fits(sizeBytes, now)) return this.#drop('overflowed');
    const sent = this.#occupy(sizeBytes, now);
    // It took its place on the link before it was lost, as on a real one.
    const frames = Math.max(1, Math.ceil(sizeBytes / fragmentBytes));
    if (luck < 1 - (1 - this.#figures.lossPercent / 100) ** frames) return this.#drop('lost');
    const { latencyMs, jitterMs, reorderPercent } = this.#figures;
    const nominal = sent + Math.max(0, latencyMs + (2 * swing - 1) * jitterMs);
    if (turn * 100 < reorderPercent) return this.#hold(sizeBytes, nominal + this.#overtakenMs(), now);
    this.#lastAt = Math.max(this.#lastAt, nominal);
    return this.#hold(sizeBytes, this.#lastAt, now);
  }

  /** Bytes of a TCP connection have come: they wait for the link instead of being dropped. Returns when it has sent them. */
  reserve(sizeBytes: number, now: number, notBefore: number): number {
    this.counts.packets++;
    this.counts.bytes += sizeBytes;
    const sent = Math.max(this.#occupy(sizeBytes, now), notBefore);
    this.#heldBytes += sizeBytes;
    return sent;
  }

  /** Latency of one packet; what is in order stays so because its caller keeps it. */
  latency(): number {
    const { latencyMs, jitterMs } = this.#figures;
    return Math.max(0, latencyMs + (2 * this.#random.next() - 1) * jitterMs);
  }

  /** It has come out, or was given up. */
  release(sizeBytes: number, delayedMs: number | null): void {
    this.#heldBytes -= sizeBytes;
    if (delayedMs === null) return;
    this.#delaySumMs += delayedMs;
    this.#delivered++;
  }

  /** Mean delay of what came out since the last call. */
  takeMeanDelayMs(): number {
    const mean = this.#delivered === 0 ? 0 : this.#delaySumMs / this.#delivered;
    this.#delaySumMs = 0;
    this.#delivered = 0;
    return Math.round(mean * 100) / 100;
  }

  /** Bytes that wait for the link to be free. */
  backlogBytes(now: number): number {
    return Math.max(0, this.#freeAt - now) * this.#bytesPerMs();
  }

  #bytesPerMs(): number {
    return this.#figures.bandwidthKbps / 8;
  }

  #sendingMs(sizeBytes: number): number {
    return this.#figures.bandwidthKbps === 0 ? 0 : sizeBytes / this.#bytesPerMs();
  }

  #occupy(sizeBytes: number, now: number): number {
    this.#freeAt = Math.max(this.#freeAt, now) + this.#sendingMs(sizeBytes);
    return this.#freeAt;
  }

  #fits(sizeBytes: number, now: number): boolean {
    if (this.#heldBytes + sizeBytes > limits.relayFlightBytesMax) return false;
    if (this.#figures.bandwidthKbps === 0) return true;
    const queueBytes = Math.max(limits.relayQueueBytesMin, this.#bytesPerMs() * limits.relayQueueMs);
    return this.backlogBytes(now) + sizeBytes <= queueBytes;
  }

  /** Long enough to be overtaken by what follows within a quarter of the latency. */
  #overtakenMs(): number {
    return Math.max(10, this.#figures.jitterMs, this.#figures.latencyMs / 4);
  }

  #hold(sizeBytes: number, at: number, now: number): PacketOutcome {
    this.#heldBytes += sizeBytes;
    return { at: Math.max(at, now), dropped: null };
  }

  #drop(dropped: 'lost' | 'overflowed' | 'swallowed'): PacketOutcome {
    this.counts[dropped]++;
    return { at: null, dropped };
  }
}
