import type { Clock } from '#shared/base/time/clock.ts';
import type { EventData, EventType } from '#shared/contract/events.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { RateBucket } from '#shared/base/rate-bucket.ts';

/** What is not recorded is told at once and then this often, while it grows. */
const tellEveryMs = 10_000;
/** Hello, challenge and proof. */
const helloRows = 3;

/**
 * Passes on what a coordinator reports, and keeps a budget of rows for peers that it has not let in: packets without a
 * participant, and refusals at the door. They may come as often as somebody cares to send them; a run's recording, its
 * queues and its windows are not theirs to fill. What is beyond is counted and told.
 */
export class UnprovenRows implements Reporter, Disposable {
  readonly #inner: Reporter;
  readonly #clock: Clock;
  readonly #bucket: RateBucket;
  readonly #unrecorded = { packets: 0, refusals: 0 };
  #left: number = limits.unprovenRowsMax;
  #told = 0;
  #telling: Disposable | null = null;

  constructor(inner: Reporter, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
    const { unprovenRowsPerSecondMax: perSecond, unprovenRowsBurstMax: burst } = limits;
    this.#bucket = new RateBucket({ perSecond, burst, nowMs: clock.monotonicMs() });
  }

  event<T extends EventType>(type: T, data: EventData<T>): void {
    if (type === 'participant_refused' && (data as EventData<'participant_refused'>).name === '' && !this.#admits())
      return this.#count('refusals');
    this.#inner.event(type, data);
  }

  /** A transport has turned somebody away. */
  refused({ address, reason }: { readonly address: string; readonly reason: string }): void {
    const told = { address: address.slice(0, 200), reason: reason.slice(0, 500) };
    this.event('participant_refused', { name: '', key: '', ...told });
  }

  packet(packet: Parameters<Reporter['packet']>[0]): void {
    if (packet.participant === '' && !this.#admits()) return this.#count('packets');
    if (packet.participant !== '' && packet.kind === 'connection_open') this.#giveBack();
    this.#inner.packet(packet);
  }

  /** Tells what has not been told yet. */
  [Symbol.dispose](): void {
    this.#telling?.[Symbol.dispose]();
    this.#telling = null;
    this.#tell();
  }

  #admits(): boolean {
    if (this.#left <= 0 || !this.#bucket.take(this.#clock.monotonicMs())) return false;
    this.#left--;
    return true;
  }

  /** Whoever was let in was no stranger when it said hello. */
  #giveBack(): void {
    this.#left = Math.min(limits.unprovenRowsMax, this.#left + helloRows);
    this.#bucket.give(helloRows);
  }

  #count(what: 'packets' | 'refusals'): void {
    this.#unrecorded[what]++;
    if (this.#telling !== null) return;
    this.#tell();
    this.#telling = this.#clock.timer(tellEveryMs, () => {
      this.#telling = null;
      this.#tell();
    });
  }

  #tell(): void {
    const { packets, refusals } = this.#unrecorded;
    if (packets + refusals === this.#told) return;
    this.#told = packets + refusals;
    this.#inner.event('peers_unrecorded', { packets, refusals });
  }
}
