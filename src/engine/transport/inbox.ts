import { BoundedQueue } from '#shared/base/bounded-queue.ts';
import { limits } from '#shared/contract/limits.ts';
import { bytesIn } from '../framing/parts.ts';
import type { IncomingFrame } from './transport.ts';

/**
 * Frames received and not yet read, control apart from bulk: control is handed out first, and a full half of bulk does not
 * keep control from coming in. Who puts into a full half waits, which ends its reading of the stream and so holds the
 * peer back.
 */
export class Inbox {
  readonly #control = new Half();
  readonly #bulk = new Half();
  #ended = false;
  /** Wakes the reader. */
  #wake: (() => void) | null = null;

  /** Resolves when the frame has found room; at once, without it, when the inbox has ended. */
  async put(frame: IncomingFrame): Promise<void> {
    const half = frame.lane === 'control' ? this.#control : this.#bulk;
    while (half.full && !this.#ended) await half.room();
    if (this.#ended) return;
    half.push(frame);
    this.#wakeReader();
  }

  /** The next frame; null when the inbox has ended and is empty. */
  async take(): Promise<IncomingFrame | null> {
    for (;;) {
      const frame = this.#control.shift() ?? this.#bulk.shift();
      if (frame !== undefined) return frame;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Nothing more comes; what is there can still be taken. */
  end(): void {
    this.#ended = true;
    this.#control.wakeAll();
    this.#bulk.wakeAll();
    this.#wakeReader();
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = null;
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
