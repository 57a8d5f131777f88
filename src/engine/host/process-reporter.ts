import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BoundedQueue } from '#shared/base/bounded-queue.ts';
import type { Clock } from '#shared/base/clock.ts';
import type { FromChild } from '#shared/contract/child-messages.ts';
import type { EventData, EventType, RunEvent } from '#shared/contract/events.ts';
import type { RunId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Packet } from '#shared/contract/packet.ts';
import type { Reporter } from '#shared/contract/reporter.ts';

/** Rows go out this often: thrice as often as the screen is painted would be wasted. */
const flushMs = 20;
const statsMs = 1000;
/** Of the measurement of the event loop's delay. */
const resolutionMs = 5;
const rowsPerBatchMax = 1000;

/**
 * The one way in which a process says what it does: stamps events and packets with run, source and time, keeps them in
 * bounded queues and passes them on in batches. Also reports the process itself once a second: CPU, memory, and the
 * largest delay of its event loop, which shows whether links ever waited for something else.
 */
export class ProcessReporter implements Reporter, Disposable {
  readonly #options: ProcessReporterOptions;
  readonly #events = new BoundedQueue<RunEvent>(limits.recorderQueueMax, 'drop_oldest');
  readonly #packets = new BoundedQueue<Packet>(limits.recorderQueueMax, 'drop_oldest');
  readonly #loopDelay = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timers: NodeJS.Timeout[];
  #droppedTold = 0;
  #warm = false;
  #cpuBefore = process.cpuUsage();
  #cpuBeforeMs: number;

  constructor(options: ProcessReporterOptions) {
    this.#options = options;
    this.#cpuBeforeMs = options.clock.monotonicMs();
    this.#loopDelay.enable();
    this.#timers = [setInterval(() => this.flush(), flushMs), setInterval(() => this.#reportProcess(), statsMs)];
    for (const timer of this.#timers) timer.unref();
  }

  event<T extends EventType>(type: T, data: EventData<T>): void {
    const { run, source, clock } = this.#options;
    this.#events.push({ type, run, source, at: clock.wallMs(), data } as RunEvent);
  }

  packet(packet: Omit<Packet, 'at' | 'source'>): void {
    this.#packets.push({ ...packet, at: this.#options.clock.wallMs(), source: this.#options.source });
  }

  flush(): void {
    while (this.#events.length > 0 || this.#packets.length > 0) {
      const events = take(this.#events);
      const packets = take(this.#packets);
      const dropped = this.#events.dropped + this.#packets.dropped - this.#droppedTold;
      this.#droppedTold += dropped;
      this.#options.deliver({ type: 'batch', events, packets, dropped });
    }
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    // The last part of a second, which is all there is of a short run.
    this.#reportProcess();
    this.#loopDelay.disable();
    this.flush();
  }

  #reportProcess(): void {
    const now = this.#options.clock.monotonicMs();
    const cpu = process.cpuUsage(this.#cpuBefore);
    const elapsedMs = Math.max(1, now - this.#cpuBeforeMs);
    this.#cpuBefore = process.cpuUsage();
    this.#cpuBeforeMs = now;
    // The histogram counts whole intervals; what exceeds its own resolution is delay. The first one holds the loading of
    // modules, which nothing waits for yet.
    const loopDelayMsMax = this.#warm ? Math.max(0, this.#loopDelay.max / 1e6 - resolutionMs) : 0;
    this.#warm = true;
    this.#loopDelay.reset();
    this.event('process_stats', {
      name: this.#options.source,
      pid: process.pid,
      cpuPercent: (cpu.user + cpu.system) / 10 / elapsedMs,
      memoryBytes: process.memoryUsage.rss(),
      loopDelayMsMax,
      doing: this.#options.doing(),
    });
  }
}

export interface ProcessReporterOptions {
  readonly run: RunId;
  /** Participant id, `coordinator` or `service`. */
  readonly source: string;
  readonly clock: Clock;
  readonly deliver: (batch: Extract<FromChild, { type: 'batch' }>) => void;
  /** What the process is at, in words. */
  readonly doing: () => string;
}

function take<T>(queue: BoundedQueue<T>): T[] {
  const rows: T[] = [];
  while (rows.length < rowsPerBatchMax) {
    const row = queue.shift();
    if (row === undefined) break;
    rows.push(row);
  }
  return rows;
}
