import { Worker } from 'node:worker_threads';
import { fromErrorReport, RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { overruled } from '../errors.ts';
import type {
  FromReader,
  QueryAnswer,
  QueryName,
  QueryParameters,
  ToReader,
  WorkerStart,
} from '../writing/worker-protocol.ts';

/** Who asks one question after the other, of which only the newest counts: such as the list of packets in one window. */
export type Asker = object;

interface Waiting {
  readonly message: ToReader;
  readonly asker: Asker | undefined;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RoundscopeError) => void;
}

/** Questions to a recording, answered by a thread that has it open for reading. */
export class ReadingThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  /** Its one number is the question that the thread is to leave; it looks between two pieces of its work. */
  readonly #left: Int32Array<SharedArrayBuffer>;
  /** Not given to the thread yet, which has one at a time. */
  #waiting: Waiting[] = [];
  #asked: Waiting | null = null;
  #ids = 0;
  #ended = false;

  private constructor(worker: Worker, left: Int32Array<SharedArrayBuffer>) {
    this.#worker = worker;
    this.#left = left;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (message: FromReader) => this.#onMessage(message));
    worker.on('error', (error) => this.#failAll(`the recorder's reading thread failed: ${error.message}`));
    spawn(
      "watching the recorder's reading thread",
      this.#exited.then(() => this.#failAll('the recording was closed')),
    );
  }

  /** @throws RoundscopeError `recording_invalid`, `path_unwritable` (also when there is no such file) */
  static async open(entry: string, path: string | null, stateKey?: Uint8Array): Promise<ReadingThread> {
    const left = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const start: WorkerStart = { role: 'read', path, stateKey, left };
    const worker = new Worker(entry, { workerData: start, name: 'recording reader' });
    const first = await firstWord<FromReader>(worker);
    if (first.type === 'failed_to_open') throw fromErrorReport(first.error);
    return new ReadingThread(worker, left);
  }

  ask<N extends QueryName>(name: N, ...parameters: QueryParameters<N>): Promise<QueryAnswer<N>> {
    return this.#send((id) => ({ type: 'query', id, name, parameters }));
  }

  /** The same for an asker: its question before this one fails with `not_now`, also where it is being answered. */
  askAnew<N extends QueryName>(asker: Asker, name: N, ...parameters: QueryParameters<N>): Promise<QueryAnswer<N>> {
    for (const { message } of this.#waiting.filter((one) => one.asker === asker)) this.#overrule(message);
    this.#waiting = this.#waiting.filter((one) => one.asker !== asker);
    if (this.#asked?.asker === asker && 'id' in this.#asked.message)
      Atomics.store(this.#left, 0, this.#asked.message.id);
    return this.#send((id) => ({ type: 'query', id, name, parameters }), asker);
  }

  /**
   * Another recording takes the place of the one that is open: many are looked at without a thread for each.
   * @throws RoundscopeError `recording_invalid`, `path_unwritable`
   */
  turnTo(path: string): Promise<null> {
    return this.#send((id) => ({ type: 'turn_to', id, path }));
  }

  #send<T>(messageOf: (id: number) => ToReader, asker?: Asker): Promise<T> {
    if (this.#ended) return Promise.reject(closed('the recording was closed'));
    const id = ++this.#ids;
    const message = messageOf(id);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#waiting.push({ message, asker });
      this.#next();
    });
  }

  #next(): void {
    if (this.#asked !== null) return;
    this.#asked = this.#waiting.shift() ?? null;
    if (this.#asked !== null) this.#worker.postMessage(this.#asked.message);
  }

  #overrule(message: ToReader): void {
    if (!('id' in message)) return;
    this.#pending.get(message.id)?.reject(overruled());
    this.#pending.delete(message.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      // What was asked before it is answered first.
      this.#waiting.push({ message: { type: 'close' }, asker: undefined });
      this.#next();
    }
    await this.#exited;
  }

  #onMessage(message: FromReader): void {
    if (message.type !== 'answer' && message.type !== 'failure') return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    this.#asked = null;
    this.#next();
    if (message.type === 'answer') pending?.resolve(message.value);
    else pending?.reject(fromErrorReport(message.error));
  }

  #failAll(reason: string): void {
    this.#ended = true;
    for (const { reject } of this.#pending.values()) reject(closed(reason));
    this.#pending.clear();
  }
}

/** The first message of a thread, or why it ended without one. */
export function firstWord<M>(worker: Worker): Promise<M> {
  return new Promise((resolve, reject) => {
    const settled = (settle: () => void): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      settle();
    };
    const onMessage = (message: M): void => settled(() => resolve(message));
    const onError = (error: Error): void => settled(() => reject(error));
    const onExit = (code: number): void =>
      settled(() => reject(closed(`the recorder's thread ended with ${code} before it was ready`)));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}

function closed(reason: string): RoundscopeError {
  return new RoundscopeError('recorder_crashed', { layer: 'recorder', message: reason, retryable: true });
}
