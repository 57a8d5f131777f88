import { Worker } from 'node:worker_threads';
import { assert } from '#shared/base/assert.ts';
import { fromErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { DataPreview, NetworkPreview } from '#shared/contract/app/port-api.ts';
import type { PreviewJob } from '../data/preview-data.ts';
import type { PreparedData } from '../data/describe-data.ts';
import type { PreviewNetworkJob } from '../imported/preview-network.ts';
import { trainerError } from '../errors.ts';
import type {
  EvalResult,
  EvaluateJob,
  OpenedGraph,
  OpenGraphJob,
  TrainJob,
  Trainer,
  TrainerSetup,
  TrainProgress,
  TrainResult,
} from '../trainer.ts';
import { StepGate } from '../step-gate.ts';
import type { CallKind, FromWorker, ToWorker, WorkerCalls, WorkerStart } from './worker-protocol.ts';

interface Pending {
  readonly resolve: (result: WorkerCalls[CallKind]['result']) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: TrainProgress) => void) | undefined;
}

interface CallOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

/** Longest that the process' exit waits for a step; the slowest model of `default-models.ts` takes 0.3 s. */
const exitWaitMs = 5000;

/**
 * Trains in a thread of its own, so that links and heartbeats never wait for a gradient step. A thread that crashes
 * fails the calls it was busy with; the next call starts another, which loads the data again first.
 */
export class WorkerTrainer implements Trainer {
  readonly description = 'onnxruntime CPU, 1 thread';
  readonly #entry: string;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #setup: TrainerSetup | undefined;
  #graph: OpenGraphJob | undefined;
  /** The thread that has `#graph`. */
  #graphIn: Worker | undefined;
  /** The thread that has loaded `#setup`. */
  #preparedBy: Worker | undefined;
  /** By a fault, and by the user's wish: either stops the steps. */
  #frozen = false;
  #held = false;
  #closed = false;
  #nextId = 1;

  /** @param options.entry absolute path of `worker.ts` or its build: `entryPath('trainer-worker')` */
  constructor(options: { readonly entry: string }) {
    this.#entry = options.entry;
  }

  async prepare(setup: TrainerSetup, options: { readonly signal: AbortSignal }): Promise<PreparedData> {
    this.#setup = setup;
    this.#preparedBy = undefined;
    return this.#prepare(setup, options);
  }

  /**
   * Looks at a network that came from elsewhere and keeps it for training. One that holds its thread up is given up with it
   * when `signal` aborts: nothing native is under way there yet.
   * @throws RoundscopeError `model_invalid` with the node at fault
   */
  async openGraph(job: OpenGraphJob, { signal }: { readonly signal: AbortSignal }): Promise<OpenedGraph> {
    this.#preparedBy = undefined;
    const end = (): void => this.#abandon(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    try {
      return await this.#openGraph(job, signal);
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** As `preview`; given up with its thread when `signal` aborts. */
  async previewNetwork(job: PreviewNetworkJob, { signal }: { readonly signal: AbortSignal }): Promise<NetworkPreview> {
    const end = (): void => this.#abandon(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    try {
      return await this.#call('preview_network', job, { signal });
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** Needs nothing to be prepared, and prepares nothing. */
  preview(job: PreviewJob, options: { readonly signal: AbortSignal }): Promise<DataPreview> {
    return this.#call('preview', job, options);
  }

  async train(job: TrainJob, options: CallOptions): Promise<TrainResult> {
    await this.#ensurePrepared(options);
    return this.#call('train', job, options);
  }

  async evaluate(job: EvaluateJob, options: { readonly signal: AbortSignal }): Promise<EvalResult> {
    await this.#ensurePrepared(options);
    return this.#call('evaluate', job, options);
  }

  freeze(): void {
    this.#frozen = true;
    this.#tellFrozen();
  }

  thaw(): void {
    this.#frozen = false;
    this.#tellFrozen();
  }

  hold(on: boolean): void {
    this.#held = on;
    this.#tellFrozen();
  }

  #tellFrozen(): void {
    this.#worker?.postMessage({ kind: this.#frozen || this.#held ? 'freeze' : 'thaw' } satisfies ToWorker);
  }

  /** Calls under way are rejected; the thread ends after the step that it is in, never in its middle (`StepGate`). */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#failAll('The trainer was closed.');
    if (!worker) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    worker.once('exit', () => resolve());
    worker.postMessage({ kind: 'close' } satisfies ToWorker);
    await promise;
  }

  async #ensurePrepared({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    assert(this.#setup, 'train and evaluate come after prepare');
    if (this.#preparedBy === undefined || this.#preparedBy !== this.#worker)
      await this.#prepare(this.#setup, { signal });
  }

  async #prepare(setup: TrainerSetup, options: { readonly signal: AbortSignal }): Promise<PreparedData> {
    if (this.#graph !== undefined && (this.#worker === undefined || this.#graphIn !== this.#worker))
      await this.#openGraph(this.#graph, options.signal);
    const summary = await this.#call('prepare', setup, options);
    this.#preparedBy = this.#worker;
    return summary;
  }

  async #call<K extends CallKind>(
    kind: K,
    job: WorkerCalls[K]['job'],
    options: CallOptions,
  ): Promise<WorkerCalls[K]['result']> {
    assert(!this.#closed, 'the trainer is closed');
    const { signal, onProgress } = options;
    signal.throwIfAborted();
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    const cancel = (): void => worker.postMessage({ kind: 'cancel', id } satisfies ToWorker);
    const { promise, resolve, reject } = Promise.withResolvers<WorkerCalls[CallKind]['result']>();
    this.#pending.set(id, { resolve, reject, signal, onProgress });
    signal.addEventListener('abort', cancel, { once: true });
    try {
      worker.postMessage({ kind, id, job });
      return (await promise) as WorkerCalls[K]['result'];
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#pending.delete(id);
    }
  }

  #start(): Worker {
    const gate = new StepGate();
    const worker = new Worker(this.#entry, { workerData: { gate: gate.memory } satisfies WorkerStart });
    const closeGate = (): void => gate.close(exitWaitMs);
    process.once('exit', closeGate);
    worker.once('exit', () => process.removeListener('exit', closeGate));
    const lost = (why: string, cause?: unknown): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#failAll(`The trainer's thread ended: ${why}. It is started again for the next round.`, cause);
    };
    worker.on('message', (message: FromWorker) => this.#onMessage(message));
    worker.on('messageerror', (error) => lost('an unreadable message', error));
    worker.on('error', (error) => lost(error instanceof Error ? error.message : String(error), error));
    worker.on('exit', (code) => lost(`exit code ${code}`));
    if (this.#frozen || this.#held) worker.postMessage({ kind: 'freeze' } satisfies ToWorker);
    return worker;
  }

  #onMessage(message: FromWorker): void {
    const pending = this.#pending.get(message.id);
    // An answer to a call that has failed meanwhile.
    if (!pending) return;
    switch (message.kind) {
      case 'done':
        pending.resolve(message.result);
        break;
      case 'failed':
        pending.reject(fromErrorReport(message.error));
        break;
      case 'cancelled':
        pending.reject(pending.signal.reason);
        break;
      case 'progress':
        if (!pending.signal.aborted) pending.onProgress?.(message.progress);
        break;
    }
  }

  async #openGraph(job: OpenGraphJob, signal: AbortSignal): Promise<OpenedGraph> {
    const opened = await this.#call('open_graph', job, { signal });
    this.#graph = job;
    this.#graphIn = this.#worker;
    return opened;
  }

  #abandon(reason: unknown): void {
    const worker = this.#worker;
    this.#worker = undefined;
    for (const pending of this.#pending.values()) pending.reject(reason);
    if (worker !== undefined) spawn('ending a thread', worker.terminate());
  }

  #failAll(message: string, cause?: unknown): void {
    const error = trainerError('trainer_crashed', message, {
      retryable: true,
      ...(cause === undefined ? {} : { cause }),
    });
    for (const pending of this.#pending.values())
      pending.reject(pending.signal.aborted ? pending.signal.reason : error);
  }
}
