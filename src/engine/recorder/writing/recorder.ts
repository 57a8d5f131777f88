import { Worker } from 'node:worker_threads';
import type { Clock } from '#shared/base/time/clock.ts';
import { fromErrorReport, RoundscopeError } from '#shared/base/errors.ts';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { Loss, LossReason, LossTotals } from '#shared/contract/losses.ts';
import type { PacketDetail } from '#shared/contract/packet.ts';
import type { CopyOptions } from '../copy.ts';
import type { CountQuery, PacketCount, PacketPage, PacketQuery } from '../packet-queries.ts';
import type { EventQuery, RecordingInfo, SentPage, SentQuery } from '../reading/reader.ts';
import { firstWord, ReadingThread, type Asker } from '../reading/reading-thread.ts';
import type { RecordedPacket } from '../reading/row-mapping.ts';
import type { FromWriter, QueryAnswer, QueryName, QueryParameters, ToWriter, WorkerStart } from './worker-protocol.ts';
import type { WriterOptions } from './writer.ts';

export interface RecorderOptions {
  /** A new file, `….sqlite`; what is there already is never written over. Its folder must exist. */
  readonly path: string;
  readonly run: string;
  /** Version of the program, kept in the recording. */
  readonly recorder: string;
  /** `entryPath('recorder-worker')`. */
  readonly entry: string;
  readonly clock: Clock;
  readonly sizeBytesMax?: number;
  readonly queueMax?: number;
  /** Of this machine, to seal states of the run with; absent: none are kept. */
  readonly stateKey?: Uint8Array | undefined;
  /** The state of recording changed, such as to `failing`. */
  readonly onState?: (stats: RecordingStats) => void;
  /** For tests. */
  readonly failures?: NonNullable<WriterOptions['failures']>;
}

export interface RecordingStats {
  readonly sizeBytes: number;
  /** In the recording, as far as is known: written and not removed again. */
  readonly packets: number;
  readonly events: number;
  /** Lost: no room in the queue, or the disk refused. */
  readonly droppedPackets: number;
  readonly droppedEvents: number;
  readonly state: 'recording' | 'recorded' | 'off' | 'failing';
  readonly note: string;
}

interface Rows {
  readonly events: RecordedEvent[];
  readonly packets: RecordedPacket[];
}

/** A thread that ends on its own is started again this often; then recording is off. */
const restartsMax = 5;

/**
 * Opens a new recording.
 * @throws RoundscopeError `path_unwritable`, `disk_full`: nothing can be recorded there
 */
export async function openRecorder(options: RecorderOptions): Promise<Recorder> {
  const recorder = new Recorder(options);
  await recorder.start();
  return recorder;
}

/**
 * The recording of the run that is going on. `event` and `packet` never wait and never throw: rows go in batches to a
 * thread that writes them; what finds the queue full, or the disk, is dropped and counted, and the run goes on.
 */
export class Recorder implements AsyncDisposable {
  readonly path: string;
  readonly #options: RecorderOptions;
  readonly #queueMax: number;
  #worker: Worker | null = null;
  #rows: Rows = { events: [], packets: [] };
  #timer: Disposable | null = null;
  readonly #underWay = new Map<number, Rows>();
  #rowsUnderWay = 0;
  #batches = 0;
  #written = { events: 0, packets: 0 };
  #removed = { events: 0, packets: 0, bodies: 0 };
  #dropped = { events: 0, packets: 0 };
  /** Lost before it could be given to this recorder. */
  #before: LossTotals = { packets: 0, events: 0, malformed: 0, cutBodies: 0 };
  #onLoss: ((loss: Omit<Loss, 'process'>) => void) | null = null;
  /** Id of the newest packet that was given to it. */
  #newest = 0;
  #sizeBytes = 0;
  #state: RecordingStats['state'] = 'recording';
  #note = '';
  #restarts = 0;
  #restart: Disposable | null = null;
  #flushes: { readonly upTo: number; readonly resolve: () => void }[] = [];
  #reader: Promise<ReadingThread> | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.path = options.path;
    this.#queueMax = options.queueMax ?? limits.recorderQueueMax;
  }

  async start(): Promise<void> {
    await this.#startWriter('create');
  }

  /** Ids are the caller's; they must ascend. */
  event(event: RecordedEvent): void {
    const refusal = this.#refusal();
    if (refusal !== null) this.#lose('events', [event], this.#newest, refusal);
    else {
      this.#rows.events.push(event);
      this.#added();
    }
  }

  packet(packet: RecordedPacket): void {
    const refusal = this.#refusal();
    this.#newest = packet.id;
    if (refusal !== null) this.#lose('packets', [packet], packet.id - 1, refusal);
    else {
      this.#rows.packets.push(ownSample(packet));
      this.#added();
    }
  }

  /** Kept in the recording beside its own losses. */
  lostBefore(totals: LossTotals): void {
    this.#before = totals;
  }

  /** Tells of rows that were given to this recorder and are not in the recording. One listener. */
  onLoss(listener: (loss: Omit<Loss, 'process'>) => void): void {
    this.#onLoss = listener;
  }

  stats(): RecordingStats {
    return {
      sizeBytes: this.#sizeBytes,
      packets: this.#written.packets - this.#removed.packets,
      events: this.#written.events - this.#removed.events,
      droppedPackets: this.#dropped.packets,
      droppedEvents: this.#dropped.events,
      state: this.#state,
      note: this.#note,
    };
  }

  /** Resolves when all rows so far are written, or lost and counted. */
  flush(): Promise<void> {
    this.#send();
    if (this.#underWay.size === 0 && this.#queued === 0) return Promise.resolve();
    // Without a thread the queue goes with the next batch, once there is one again.
    const upTo = this.#batches + (this.#queued > 0 ? 1 : 0);
    return new Promise((resolve) => this.#flushes.push({ upTo, resolve }));
  }

  /** The same question as `RecordingReader` answers, with all rows given so far in view. */
  async queryPackets(query: PacketQuery, asker?: Asker): Promise<PacketPage> {
    if (asker === undefined) return await this.#ask('queryPackets', query);
    return await (await this.#reading()).askAnew(asker, 'queryPackets', query);
  }

  countPackets(query: CountQuery): Promise<PacketCount> {
    return this.#ask('countPackets', query);
  }

  packetDetail(id: number): Promise<PacketDetail | null> {
    return this.#ask('packetDetail', id);
  }

  tallyPackets(...query: QueryParameters<'tallyPackets'>): Promise<QueryAnswer<'tallyPackets'>> {
    return this.#ask('tallyPackets', ...query);
  }

  readonly sent = (query: SentQuery): Promise<SentPage> => this.#ask('sent', query);

  readonly events = (query: EventQuery): Promise<QueryAnswer<'events'>> => this.#ask('events', query);

  readonly info = (): Promise<RecordingInfo> => this.#ask('info');

  saveCopy(path: string, options: CopyOptions): Promise<{ readonly sizeBytes: number }> {
    return this.#ask('saveCopy', path, options);
  }

  /** Writes what is left and lets the file go; questions are answered until then. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #lost(): LossTotals {
    const { packets, events, ...rest } = this.#before;
    return { packets: packets + this.#dropped.packets, events: events + this.#dropped.events, ...rest };
  }

  get #queued(): number {
    return this.#rows.events.length + this.#rows.packets.length;
  }

  /** Why it takes no row now; null: it does. */
  #refusal(): LossReason | null {
    if (this.#closing !== null || this.#state === 'off') return 'recorder_ended';
    return this.#queued + this.#rowsUnderWay >= this.#queueMax ? 'recorder_full' : null;
  }

  #loseAll({ events, packets }: Rows, reason: LossReason): void {
    this.#lose('events', events, packets[0] === undefined ? this.#newest : packets[0].id - 1, reason);
    this.#lose('packets', packets, (packets[0]?.id ?? 1) - 1, reason);
  }

  #lose(kind: Loss['kind'], rows: readonly { readonly at: number }[], afterPacket: number, reason: LossReason): void {
    const [first] = rows;
    if (first === undefined) return;
    this.#dropped[kind] += rows.length;
    let [from, to] = [first.at, first.at];
    for (const { at } of rows) {
      from = Math.min(from, at);
      to = Math.max(to, at);
    }
    this.#onLoss?.({ kind, reason, count: rows.length, from, to, afterPacket });
  }

  #added(): void {
    if (this.#worker === null) return;
    if (this.#queued >= limits.recorderBatchRowsMax) this.#send();
    else this.#timer ??= this.#options.clock.timer(timing.recorderBatchMs, () => this.#send());
  }

  #send(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (this.#worker === null || this.#queued === 0) return;
    const rows = this.#rows;
    this.#rows = { events: [], packets: [] };
    const id = ++this.#batches;
    this.#underWay.set(id, rows);
    this.#rowsUnderWay += rows.events.length + rows.packets.length;
    this.#worker.postMessage({ type: 'batch', id, batch: { ...rows, lost: this.#lost } } satisfies ToWriter);
  }

  async #startWriter(mode: WriterOptions['mode']): Promise<void> {
    const { path, run, recorder, entry, clock, sizeBytesMax = limits.recordingBytesMax } = this.#options;
    const { stateKey, failures } = this.#options;
    const options: WriterOptions = {
      path,
      run,
      recorder,
      startedAt: clock.wallMs(),
      sizeBytesMax,
      mode,
      ...(stateKey === undefined ? {} : { stateKey }),
      ...(failures === undefined ? {} : { failures }),
    };
    const worker = new Worker(entry, {
      workerData: { role: 'write', options } satisfies WorkerStart,
      name: 'recording writer',
    });
    const first = await firstWord<FromWriter>(worker);
    if (first.type === 'failed_to_open') throw fromErrorReport(first.error);
    if (first.type === 'ready') this.#sizeBytes = first.sizeBytes;
    worker.on('message', (message: FromWriter) => this.#onMessage(message));
    let why = '';
    worker.on('error', (error) => (why = error.message));
    worker.on('exit', () => this.#onExit(worker, why));
    this.#worker = worker;
    this.#send();
  }

  #onMessage(message: FromWriter): void {
    if (message.type !== 'written' && message.type !== 'lost') return;
    const rows = this.#underWay.get(message.id);
    if (rows === undefined) return;
    this.#settle(message.id, rows);
    if (message.type === 'written') {
      this.#written.events += rows.events.length;
      this.#written.packets += rows.packets.length;
      this.#sizeBytes = message.sizeBytes;
      this.#removed = message.removed;
      if (this.#removed.packets + this.#removed.bodies > 0) this.#note = this.#removalNote();
      if (this.#state === 'failing') this.#setState('recording', `recording again; ${this.#lossNote()}`);
    } else {
      this.#loseAll(rows, 'disk_refused');
      this.#setState('failing', message.error.message);
    }
    this.#wakeFlushes();
  }

  #settle(id: number, rows: Rows): void {
    this.#underWay.delete(id);
    this.#rowsUnderWay -= rows.events.length + rows.packets.length;
  }

  /** The thread ended by itself: what it had is lost and counted, and another one goes on with the file. */
  #onExit(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    for (const [id, rows] of this.#underWay) {
      this.#settle(id, rows);
      this.#loseAll(rows, 'recorder_ended');
    }
    if (this.#closing !== null) return this.#giveUp('the recorder ended while it was being closed');
    this.#setState('failing', `the recorder ended unexpectedly${why === '' ? '' : ` (${why})`}; ${this.#lossNote()}`);
    if (this.#restarts++ >= restartsMax)
      return this.#giveUp('the recorder ended too often; this run is recorded no further');
    this.#restart = this.#options.clock.timer(timing.recorderRestartMs, () => {
      this.#startWriter('continue').then(
        () => this.#setState('recording', `the recorder was started again; ${this.#lossNote()}`),
        (error: unknown) => this.#giveUp(error instanceof Error ? error.message : String(error)),
      );
    });
    this.#wakeFlushes();
  }

  #giveUp(note: string): void {
    this.#settleQueued();
    this.#setState('off', note);
    this.#wakeFlushes();
  }

  #settleQueued(): void {
    const rows = this.#rows;
    this.#rows = { events: [], packets: [] };
    this.#loseAll(rows, 'recorder_ended');
  }

  #lossNote(): string {
    return `${this.#dropped.packets} packets and ${this.#dropped.events} events are lost so far`;
  }

  #removalNote(): string {
    return `to stay within its size the recording let go of its oldest: ${this.#removed.packets} packets, ${this.#removed.bodies} bodies`;
  }

  #setState(state: RecordingStats['state'], note: string): void {
    if (this.#state === state && this.#note === note) return;
    this.#state = state;
    this.#note = note;
    this.#options.onState?.(this.stats());
  }

  /** Batches are settled in their order, so whoever waits for one waits for all before it. */
  #wakeFlushes(): void {
    const [oldest] = this.#underWay.keys();
    const settled = oldest === undefined ? this.#batches : oldest - 1;
    const off = this.#state === 'off';
    const done = this.#flushes.filter(({ upTo }) => off || upTo <= settled);
    this.#flushes = this.#flushes.filter((flush) => !done.includes(flush));
    for (const { resolve } of done) resolve();
  }

  async #ask<N extends QueryName>(name: N, ...parameters: QueryParameters<N>): Promise<QueryAnswer<N>> {
    return await (await this.#reading()).ask(name, ...parameters);
  }

  /** A reader that sees all rows given so far. */
  async #reading(): Promise<ReadingThread> {
    if (this.#closing !== null) {
      throw new RoundscopeError('not_running', {
        layer: 'recorder',
        message: 'The recording is closed; open its file instead.',
      });
    }
    await this.flush();
    this.#reader ??= ReadingThread.open(this.#options.entry, this.path).catch((error: unknown) => {
      this.#reader = null;
      throw error;
    });
    return await this.#reader;
  }

  async #close(): Promise<void> {
    this.#restart?.[Symbol.dispose]();
    if (this.#worker === null) this.#settleQueued();
    await this.flush();
    const reader = await this.#reader?.catch(() => null);
    await reader?.[Symbol.asyncDispose]();
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) {
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.postMessage({ type: 'close' } satisfies ToWriter);
      await exited;
    }
    if (this.#state === 'recording')
      this.#setState('recorded', this.#dropped.packets + this.#dropped.events > 0 ? this.#lossNote() : this.#note);
  }
}

/** A view into a larger buffer would be cloned with all of it when it is posted. */
function ownSample(packet: RecordedPacket): RecordedPacket {
  const sample = packet.bodySample;
  if (sample === undefined || sample.byteLength === sample.buffer.byteLength) return packet;
  return { ...packet, bodySample: new Uint8Array(sample) };
}
