import type { RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import { limits } from '#shared/contract/limits.ts';
import type { FromRenderer, FromService, Snapshot } from '#shared/contract/app/port-api.ts';
import type { Port } from '#shared/port/port.ts';
import type { AppService } from '#service/app-service.ts';

interface Taken {
  readonly at: number;
  readonly message: FromService;
}

/**
 * What a window was told during a run, to be told again without the run: the same work for the page, with the processors
 * to itself.
 */
export class RecordedFeed {
  readonly #taken: readonly Taken[];

  private constructor(taken: readonly Taken[]) {
    this.#taken = taken;
  }

  /** Watches as one more window that shows everything at once. */
  static async record(service: AppService, forMs: number): Promise<RecordedFeed> {
    const taken: Taken[] = [];
    let answer: ((message: FromRenderer) => void) | undefined;
    let onClose: ((reason: string) => void) | undefined;
    service.connect({
      post: (message) => {
        const told = message as FromService;
        taken.push({ at: Date.now(), message: told });
        if (told.type === 'batch') setImmediate(() => answer?.({ type: 'credit', batch: told.batch }));
      },
      onMessage: (listener) => {
        answer = listener;
      },
      onClose: (listener) => {
        onClose = listener;
      },
      close: () => undefined,
    });
    await new Promise((resolve) => setTimeout(resolve, forMs));
    onClose?.('recorded');
    return new RecordedFeed(taken);
  }

  /** Tells it in the time that it took, as if it happened now; a window that does not keep up is told less often. */
  playTo(port: Port): void {
    const first = this.#taken[0];
    if (first === undefined) return;
    const laterMs = Date.now() - first.at;
    let position = 0;
    let told = 0;
    let shown = 0;
    port.onMessage((message) => {
      const sent = message as FromRenderer;
      if (sent.type === 'credit') shown = sent.batch;
    });
    port.post(moved(first.message as Snapshot, laterMs));
    const timer = setInterval(
      () => {
        if (told - shown >= 3) return;
        const events: RecordedEvent[] = [];
        const packets: PacketRow[] = [];
        for (let next = this.#taken[++position]; next !== undefined; next = this.#taken[++position]) {
          if (next.at + laterMs > Date.now()) break;
          if (next.message.type !== 'batch') continue;
          events.push(...next.message.events);
          packets.push(...next.message.packets);
        }
        position--;
        if (events.length === 0 && packets.length === 0) return;
        const batch = { type: 'batch' as const, batch: ++told, skippedPackets: 0 };
        port.post({ ...batch, events: moved(events, laterMs), packets: moved(packets, laterMs) });
      },
      Math.ceil(1000 / limits.portBatchesPerSecondMax),
    );
    port.onClose(() => clearInterval(timer));
  }
}

const year2017Ms = 1.5e12;
const year2065Ms = 3e12;

/** The same with every wall time in it moved; nothing else in a feed is a number of that size. */
function moved<T>(value: T, byMs: number): T {
  const move = (one: unknown): unknown => {
    if (typeof one === 'number') return one > year2017Ms && one < year2065Ms ? one + byMs : one;
    if (Array.isArray(one)) return one.map(move);
    if (typeof one !== 'object' || one === null || one instanceof Uint8Array) return one;
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, move(item)]));
  };
  return move(value) as T;
}
