import { monitorEventLoopDelay } from 'node:perf_hooks';
import { toErrorReport } from '#shared/base/errors.ts';
import { failureWords, onTaskFailure, taskFailed } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { FromChild } from '#shared/contract/child-messages.ts';
import type { EventData, EventType, RunEvent } from '#shared/contract/events.ts';
import type { RunId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Packet } from '#shared/contract/packet.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { MachineLoad } from './machine-load.ts';
import { ReportQueue } from './report-queue.ts';
import { faultWords, onProcessFault } from './process-fault.ts';

/** Rows go out this often: thrice as often as the screen is painted would be wasted. */
const flushMs = 20;
const statsMs = 1000;
/** Of the measurement of the event loop's delay. */
const resolutionMs = 5;
const rowsPerBatchMax = 1000;
const bytesPerBatchMax = 1024 * 1024;
/** Of the fields that every packet has. */
const packetBytes = 600;

/**
 * The one way in which a process says what it does: stamps events and packets with run, source and time, keeps them in
 * bounded queues and passes them on in batches, a few of which may be on their way: a service that takes nothing leaves
 * the rows in these queues, where the oldest give way and are counted. Also reports the process itself once a second: CPU,
 * memory, and the largest delay of its event loop, which shows whether links ever waited for something else.
 */
export class ProcessReporter implements Reporter, Disposable {
  readonly #options: ProcessReporterOptions;
  readonly #events: ReportQueue<RunEvent>;
  readonly #packets: ReportQueue<Packet>;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timers: NodeJS.Timeout[];
  #batches = 0;
  #acknowledged = 0;
  readonly #failures: readonly Disposable[];
  readonly #machine = new MachineLoad();
  #memoryBytes = 0;
  #warm = false;
  #cpuBefore = process.cpuUsage();
  #cpuBeforeMs: number;
  #flushedMs: number;
  /** By how much a flush came late, since the last report. */
  #lateMs = 0;

  constructor(options: ProcessReporterOptions) {
    this.#options = options;
    const { queueRowsMax: rowsMax = limits.reportQueueRowsMax } = options;
    const bytesMax = limits.reportQueueBytesMax;
    this.#events = new ReportQueue({ rowsMax, bytesMax, bytesOf: ({ data }) => JSON.stringify(data).length });
    this.#packets = new ReportQueue({
      rowsMax,
      bytesMax,
      bytesOf: ({ header, bodySample }) => packetBytes + header.length + (bodySample?.byteLength ?? 0),
    });
    options.channel.onAck((batch) => this.#onAck(batch));
    this.#cpuBeforeMs = options.clock.monotonicMs();
    this.#flushedMs = this.#cpuBeforeMs;
    this.#loopDelay.enable();
    this.#timers = [setInterval(() => this.#flushOnTime(), flushMs), setInterval(() => this.#reportProcess(), statsMs)];
    for (const timer of this.#timers) timer.unref();
    // Before anything else is told: one that is stopped from here on is known to be there and to stand still.
    this.#tellProcess(0, 0);
    this.#failures = [
      onTaskFailure((failure) => {
        const error = toErrorReport(failure.error);
        this.event('notice', { level: 'warning', text: failureWords(failure), error });
      }),
      onProcessFault((error) => {
        const text = `The process of ${options.source}: ${faultWords(error)}`.slice(0, 1000);
        this.event('notice', { level: 'error', text, error });
        this[Symbol.dispose]();
      }),
    ];
  }

  event<T extends EventType>(type: T, data: EventData<T>): void {
    const { run, source, clock } = this.#options;
    this.#events.push({ type, run, source, at: clock.wallMs(), data } as RunEvent);
  }

  packet(packet: Omit<Packet, 'at' | 'source'>): void {
    this.#packets.push({ ...packet, at: this.#options.clock.wallMs(), source: this.#options.source });
  }

  /** Hands over what may be on its way; the rest stays until the service has taken some of it. */
  flush(): void {
    while (this.#waiting && this.#batches - this.#acknowledged < limits.reportBatchesMax) if (!this.#handOver()) return;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    // The last part of a second, which is all there is of a short run.
    this.#reportProcess();
    for (const listening of this.#failures) listening[Symbol.dispose]();
    this.#loopDelay.disable();
    // The last rows of a process that ends wait for nobody: they are as many as the queues hold.
    while (this.#waiting) if (!this.#handOver()) break;
  }

  get #waiting(): boolean {
    return this.#events.length > 0 || this.#packets.length > 0;
  }

  /** False: there is nobody to hand it to, and what the batch held is lost. */
  #handOver(): boolean {
    const lostEvents = this.#events.takeLost();
    const lostPackets = this.#packets.takeLost();
    const events = this.#events.take(rowsPerBatchMax, bytesPerBatchMax);
    const packets = this.#packets.take(rowsPerBatchMax, bytesPerBatchMax);
    const batch = this.#batches + 1;
    if (this.#options.channel.post({ type: 'batch', batch, events, packets, lostEvents, lostPackets })) {
      this.#batches = batch;
      return true;
    }
    this.#events.giveBackLost(lostEvents);
    this.#packets.giveBackLost(lostPackets);
    this.#events.lose(events);
    this.#packets.lose(packets);
    return false;
  }

  #onAck(batch: number): void {
    if (batch <= this.#acknowledged || batch > this.#batches) return;
    const held = this.#batches - this.#acknowledged >= limits.reportBatchesMax;
    this.#acknowledged = batch;
    if (held) this.flush();
  }

  #flushOnTime(): void {
    const now = this.#options.clock.monotonicMs();
    this.#lateMs = Math.max(this.#lateMs, now - this.#flushedMs - flushMs);
    this.#flushedMs = now;
    this.flush();
  }

  /** Read from a file of the system's: a process that has all files open which it may cannot, and shows what it had last. */
  #memory(): number {
    try {
      this.#memoryBytes = process.memoryUsage.rss();
    } catch (error) {
      taskFailed('measuring this process’ memory', error);
    }
    return this.#memoryBytes;
  }

  #reportProcess(): void {
    const now = this.#options.clock.monotonicMs();
    const cpu = process.cpuUsage(this.#cpuBefore);
    const elapsedMs = Math.max(1, now - this.#cpuBeforeMs);
    this.#cpuBefore = process.cpuUsage();
    this.#cpuBeforeMs = now;
    // The histogram counts whole intervals; what exceeds its own resolution is delay. The first one holds the loading of
    // modules, which nothing waits for yet. After a reset its next interval is not counted: when the process was stopped and
    // this report is due before the histogram's own timer, only the flush in between has seen it.
    const measuredMs = Math.max(0, this.#loopDelay.max / 1e6 - resolutionMs);
    const loopDelayMsMax = this.#warm ? Math.max(measuredMs, this.#lateMs) : 0;
    this.#warm = true;
    this.#loopDelay.reset();
    this.#lateMs = 0;
    this.#tellProcess((cpu.user + cpu.system) / 10 / elapsedMs, loopDelayMsMax);
  }

  #tellProcess(cpuPercent: number, loopDelayMsMax: number): void {
    this.event('process_stats', {
      name: this.#options.source,
      pid: process.pid,
      cpuPercent,
      memoryBytes: this.#memory(),
      loopDelayMsMax,
      machineBusyPercent: this.#machine.busyPercent(),
      doing: this.#options.doing(),
    });
  }
}

export interface ProcessReporterOptions {
  readonly run: RunId;
  /** Participant id, `coordinator` or `service`. */
  readonly source: string;
  readonly clock: Clock;
  readonly channel: ReportChannel;
  /** What the process is at, in words. */
  readonly doing: () => string;
  /** For tests. */
  readonly queueRowsMax?: number;
}

/** The way to who takes the rows. */
export interface ReportChannel {
  /** False: it could not be kept. */
  post(batch: Extract<FromChild, { type: 'batch' }>): boolean;
  /** Tells up to which batch the rows were taken. */
  onAck(listener: (batch: number) => void): void;
}
