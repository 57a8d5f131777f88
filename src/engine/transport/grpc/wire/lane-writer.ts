import { assert } from '#shared/base/assert.ts';
import { giveBack } from '../../../framing/give-back.ts';
import type { Call } from './call.ts';
import { byteLength } from './protobuf.ts';

/** Frames that wait while a message is being written share the next one up to this size. */
const batchBytesMax = 64 * 1024;
/** Counted for each frame on top of its bytes, so that a batch of empty ones ends too. */
const frameOverheadBytes = 8;

/** A frame in pieces, which is encoded when its turn has come; or a message of the transport's own, sent by itself. */
export type Outgoing = { readonly frame: readonly Uint8Array[] } | { readonly message: Buffer };

export interface LaneWriterInit {
  /** Called at the first frame. */
  readonly open: () => Promise<Call>;
  readonly encode: (frames: readonly (readonly Uint8Array[])[]) => Buffer;
}

interface Waiting {
  readonly outgoing: Outgoing;
  readonly resolve: (call: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The sending half of one lane: messages in the order of `send`, each resolved when flow control has taken it. It holds
 * none whose sender is not waiting, so its memory is that of the senders; one that gives up takes its message back,
 * unless it is being written.
 */
export class LaneWriter {
  readonly #init: LaneWriterInit;
  #waiting: Waiting[] = [];
  #batch: readonly Waiting[] = [];
  #call: Call | null = null;
  #running: Promise<void> | null = null;
  #failure: Error | null = null;
  #finished = false;

  constructor(init: LaneWriterInit) {
    this.#init = init;
  }

  /** Resolves with the call's name. */
  send(outgoing: Outgoing, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#failure !== null) return reject(this.#failure);
      assert(!this.#finished, 'frame after the last one of its lane');
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        outgoing,
        resolve: (call) => {
          signal.removeEventListener('abort', onAbort);
          resolve(call);
        },
        reject: (error) => {
          signal.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
      this.#running ??= this.#run();
    });
  }

  /** Resolves when what waits has been written; nothing may follow. */
  async finish(): Promise<void> {
    this.#finished = true;
    while (this.#running !== null) await this.#running;
  }

  /** Ends the call after what waits. On a lane that never sent it does nothing. */
  async end(): Promise<void> {
    await this.finish();
    if (this.#failure === null) this.#call?.end();
  }

  /** Whoever waits is told; the first failure counts. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of [...this.#batch, ...this.#waiting.splice(0)]) reject(this.#failure);
    this.#batch = [];
  }

  async #run(): Promise<void> {
    try {
      const call = (this.#call ??= await this.#init.open());
      while (this.#waiting.length > 0) {
        this.#batch = this.#takeBatch();
        const message = this.#encode(this.#batch.map(({ outgoing }) => outgoing));
        await call.write(message);
        // The library has copied it behind a prefix.
        giveBack(message);
        for (const { resolve } of this.#batch) resolve(call.name);
        this.#batch = [];
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#running = null;
    }
  }

  #encode(batch: readonly Outgoing[]): Buffer {
    const [first] = batch;
    if (first !== undefined && 'message' in first) return first.message;
    return this.#init.encode(batch.flatMap((outgoing) => ('frame' in outgoing ? [outgoing.frame] : [])));
  }

  /** The first one, and as many of the following frames as fit beside it. */
  #takeBatch(): readonly Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { outgoing } of this.#waiting) {
      if ('message' in outgoing) {
        count ||= 1;
        break;
      }
      bytes += byteLength(outgoing.frame) + frameOverheadBytes;
      if (count > 0 && bytes > batchBytesMax) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}
