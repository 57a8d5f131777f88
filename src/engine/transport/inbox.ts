import { assert } from '#shared/base/assert.ts';
import { BoundedQueue } from '#shared/base/bounded-queue.ts';
import { limits } from '#shared/contract/limits.ts';
import { bytesIn } from '../framing/parts.ts';
import type { IncomingFrame } from './transport.ts';

/**
 * Frames received and not yet read, control apart from bulk: control is handed out first, and a full half of bulk does not
 * keep control from coming in. Who puts into a full half waits, which ends its reading of the stream and so holds the
 * peer back.
 */
export class Inbox implements AsyncIterable<IncomingFrame, undefined> {
  readonly #control = new Half();
  readonly #bulk = new Half();
  #ended = false;
  /** Waits for a frame; nothing is in the halves then. */
  #reader: ((result: IteratorResult<IncomingFrame, undefined>) => void) | null = null;

  /**
   * Null: the frame has found room, or the inbox has ended and it is nobody's. Else room is waited for. No promise where
   * there is nothing to wait for: of a small frame's way, steps of promises are the longest part.
   */
  put(frame: IncomingFrame): Promise<void> | null {
    if (this.#ended) return null;
    const reader = this.#reader;
    if (reader !== null) {
      this.#reader = null;
      reader({ done: false, value: frame });
      return null;
    }
    const half = frame.lane === 'control' ? this.#control : this.#bulk;
    if (half.full) return this.#putLater(half, frame);
    half.push(frame);
    return null;
  }

  async #putLater(half: Half, frame: IncomingFrame): Promise<void> {
    while (half.full && !this.#ended) await half.room();
    await this.put(frame);
  }

  /** One reader; it is done when the inbox has ended and is empty. Who leaves its loop may begin another. */
  [Symbol.asyncIterator](): AsyncIterator<IncomingFrame, undefined> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<IncomingFrame, undefined>> {
    assert(this.#reader === null, 'a session has one reader');
    const frame = this.#control.shift() ?? this.#bulk.shift();
    if (frame !== undefined) return Promise.resolve({ done: false, value: frame });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => (this.#reader = resolve));
  }

  /** Nothing more comes; what is there can still be taken. */
  end(): void {
    this.#ended = true;
    this.#control.wakeAll();
    this.#bulk.wakeAll();
    this.#reader?.({ done: true, value: undefined });
    this.#reader = null;
  }
}

class Half {
  /** `full` is asked before each push, so that the queue's own limit is never met: one frame per open stream more. */
  readonly #frames = new BoundedQueue<IncomingFrame>(2 * limits.inboundFramesMax, 'refuse');
  #bytes = 0;
  #waiting: (() => void)[] = [];

  get full(): boolean {
    return this.#frames.length >= limits.inboundFramesMax || this.#bytes >= limits.inboundBytesMax;
  }

  push(frame: IncomingFrame): void {
    this.#frames.push(frame);
    this.#bytes += bytesIn(frame.parts);
  }

  shift(): IncomingFrame | undefined {
    const frame = this.#frames.shift();
    if (frame === undefined) return undefined;
    this.#bytes -= bytesIn(frame.parts);
    if (!this.full) this.wakeAll();
    return frame;
  }

  room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
