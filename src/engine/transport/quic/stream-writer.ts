import { assert } from '#shared/base/assert.ts';
import { bytesIn, joined } from '../../framing/parts.ts';
import type { QuicStream } from './quic-session.ts';

/**
 * Frames that wait while a write is under way go out together up to this size: one crossing into native code and one
 * packet for many acknowledgements and heartbeats. Larger pieces are passed on uncopied, but for their beginning.
 */
const coalesceBytesMax = 64 * 1024;
/** So much of a large piece goes out with what is small before it: a header alone would be a datagram and a read of its own. */
const companyBytes = 16 * 1024;

interface Waiting {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly resolve: (stream: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The sending half of one lane: frames in the order of `send`, each resolved when flow control has taken it. It holds no
 * frame whose sender is not waiting, so its memory is that of the senders; one that gives up takes its frame back,
 * unless a part of it has left.
 */
export class StreamWriter {
  readonly #open: () => Promise<QuicStream>;
  /** What a stream begins with that was opened for this lane; it goes out with the first frame. */
  #preface: Uint8Array | null;
  #waiting: Waiting[] = [];
  /** Being written. */
  #batch: readonly Waiting[] = [];
  #stream: QuicStream | null = null;
  #running: Promise<void> | null = null;
  #failure: Error | null = null;
  #finished = false;

  /** @param stream one that is there already, or how to open it at the first frame, and what it begins with */
  constructor(stream: QuicStream | (() => Promise<QuicStream>), preface: Uint8Array | null = null) {
    this.#open = typeof stream === 'function' ? stream : () => Promise.resolve(stream);
    this.#preface = preface;
    if (typeof stream !== 'function') this.#stream = stream;
  }

  /** Resolves with the stream's name. */
  send(parts: readonly Uint8Array[], signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#failure !== null) return reject(this.#failure);
      assert(!this.#finished, 'frame after the last one of its lane');
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        parts,
        bytes: bytesIn(parts),
        resolve: (stream) => {
          signal.removeEventListener('abort', onAbort);
          resolve(stream);
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

  /** Ends the stream after what waits. Twice is fine; on a lane that never sent it does nothing. */
  async finish(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    while (this.#running !== null) await this.#running;
    if (this.#failure !== null || this.#stream === null) return;
    // Its only frame was taken back: the peer is to know what ends here.
    if (this.#preface !== null) await this.#stream.write(this.#preface);
    await this.#stream.finish();
  }

  /** The session has ended: whoever waits is told. */
  fail(error: Error): void {
    this.#failure ??= error;
    // Those being written too: a provider may leave a write without an answer when its session ends.
    for (const { reject } of [...this.#batch, ...this.#waiting.splice(0)]) reject(this.#failure);
    this.#batch = [];
  }

  async #run(): Promise<void> {
    try {
      this.#stream ??= await this.#open();
      while (this.#waiting.length > 0) {
        this.#batch = this.#takeBatch();
        const parts = this.#batch.flatMap((waiting) => waiting.parts);
        if (this.#preface !== null) parts.unshift(this.#preface);
        this.#preface = null;
        for (const piece of coalesce(parts)) await this.#stream.write(piece);
        for (const { resolve } of this.#batch) resolve(this.#stream.id);
        this.#batch = [];
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#running = null;
    }
  }

  /** The first frame, and as many of the following ones as fit beside it. */
  #takeBatch(): readonly Waiting[] {
    if (this.#waiting.length === 1) return this.#waiting.splice(0);
    let count = 0;
    let bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (count > 0 && bytes > coalesceBytesMax) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}

/** The same bytes in fewer pieces: neighbours are joined while they stay small. */
export function coalesce(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const bytes = bytesIn(parts);
  if (bytes === 0) return [];
  if (bytes <= coalesceBytesMax) return [joined(parts)];
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let smallBytes = 0;
  const flush = (): void => {
    if (small.length > 0) pieces.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small, smallBytes));
    small = [];
    smallBytes = 0;
  };
  for (const part of parts) {
    if (part.byteLength === 0) continue;
    if (smallBytes > 0 && part.byteLength > coalesceBytesMax) {
      small.push(part.subarray(0, companyBytes));
      smallBytes += companyBytes;
      flush();
      pieces.push(part.subarray(companyBytes));
      continue;
    }
    if (smallBytes + part.byteLength > coalesceBytesMax) flush();
    small.push(part);
    smallBytes += part.byteLength;
  }
  flush();
  return pieces;
}
