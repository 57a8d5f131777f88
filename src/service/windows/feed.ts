import type { Clock } from '#shared/base/time/clock.ts';
import { every } from '#shared/base/time/every.ts';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { limits } from '#shared/contract/limits.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import type { Batch, Snapshot } from '#shared/contract/app/port-api.ts';
import type { Port } from '#shared/port/port.ts';
import type { RunSource, SourceRows } from './run-source.ts';

/** How often a renderer hears of the service when there is nothing else to tell. */
const aliveMs = 1000;

/** Batches a renderer may have unshown before the feed waits for its credit. */
const unshownMax = 3;
const idle = Promise.resolve();

interface FeedOptions {
  readonly snapshot: (source: RunSource) => Snapshot;
  readonly clock: Clock;
}

/**
 * Streams one source to one renderer: a snapshot, then batches at most `portBatchesPerSecondMax` a second and only while the
 * renderer keeps up. A slow renderer loses packet rows of the live table (counted; they are in the recording) before it
 * loses anything else; events it never loses, it gets a new snapshot instead.
 */
export class Feed implements Disposable {
  readonly #port: Port;
  readonly #snapshot: (source: RunSource) => Snapshot;
  readonly #timers: readonly Disposable[];
  #subscription: Disposable | undefined;
  #events: RecordedEvent[] = [];
  #packets: PacketRow[] = [];
  #skipped = 0;
  #batch = 0;
  #shown = 0;
  #needsSnapshot = true;
  #source: RunSource | null = null;
  /** Of a source that waits for room here. */
  #waiting: PromiseWithResolvers<void> | null = null;

  constructor(port: Port, { snapshot, clock }: FeedOptions) {
    this.#port = port;
    this.#snapshot = snapshot;
    this.#timers = [
      every(clock, Math.ceil(1000 / limits.portBatchesPerSecondMax), () => this.#flush()),
      every(clock, aliveMs, () => this.#port.post({ type: 'alive' })),
    ];
  }

  /** Follows a source; the renderer is given a snapshot first. */
  follow(source: RunSource): void {
    this.#subscription?.[Symbol.dispose]();
    this.#needsSnapshot = true;
    this.#source = source;
    this.#subscription = source.listen({
      replaced: () => {
        this.#needsSnapshot = true;
        this.#flush();
      },
      rows: (rows) => this.#take(rows),
      changed: () => this.#port.post({ type: 'source', source: source.state() }),
    });
    this.#flush();
  }

  /** The renderer has shown batches up to this one. */
  credit(batch: number): void {
    if (batch > this.#shown && batch <= this.#batch) this.#shown = batch;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#subscription?.[Symbol.dispose]();
    this.#letGo();
  }

  /** Fulfilled when nothing waits here any more. */
  #take({ events, packets, skippedPackets }: SourceRows): Promise<void> {
    if (!this.#needsSnapshot) {
      for (const event of events) this.#takeEvent(event);
      for (const packet of packets) this.#takePacket(packet);
      this.#skipped += skippedPackets;
    }
    if (this.#isIdle()) return idle;
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  #takeEvent(event: RecordedEvent): void {
    this.#events.push(event);
    if (this.#events.length <= limits.portBacklogMax) return;
    this.#needsSnapshot = true;
    this.#forget();
  }

  #takePacket(packet: PacketRow): void {
    if (this.#packets.length < limits.portBacklogMax) this.#packets.push(packet);
    else this.#skipped++;
  }

  #isIdle(): boolean {
    return !this.#needsSnapshot && this.#events.length === 0 && this.#packets.length === 0 && this.#skipped === 0;
  }

  #letGo(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  #forget(): void {
    this.#events = [];
    this.#packets = [];
    this.#skipped = 0;
  }

  #flush(): void {
    if (this.#source === null) return;
    if (this.#batch - this.#shown >= unshownMax) return;
    if (this.#needsSnapshot) {
      this.#needsSnapshot = false;
      this.#forget();
      this.#postSnapshot(this.#source);
      if (this.#isIdle()) this.#letGo();
      return;
    }
    if (this.#isIdle()) return;
    const events = this.#events.splice(0, limits.portBatchRowsMax);
    const packets = this.#packets.splice(0, limits.portBatchRowsMax);
    // Rows that were left out came after all that still wait.
    const skippedPackets = this.#packets.length === 0 ? this.#skipped : 0;
    this.#skipped -= skippedPackets;
    const batch: Batch = { type: 'batch', batch: ++this.#batch, events, packets, skippedPackets };
    this.#port.post(batch);
    if (this.#isIdle()) this.#letGo();
  }

  /** The newest packets follow it in batches: all of them at once would be a message of megabytes. */
  #postSnapshot(source: RunSource): void {
    const whole = this.#snapshot(source);
    this.#packets = whole.packets.slice(limits.portBatchRowsMax);
    this.#port.post({
      ...whole,
      packets: whole.packets.slice(0, limits.portBatchRowsMax),
      packetsRecorded: whole.packetsRecorded - this.#packets.length,
    });
  }
}
