import { FrameQueue } from './frame-queue.ts';
import type { IncomingFrame } from './transport.ts';

interface Held {
  readonly frame: IncomingFrame;
  readonly taken: () => void;
}

/** Frames of other sessions, passed on no faster than they are read: one in hand per source. */
export class FrameMerger implements AsyncIterable<IncomingFrame, undefined> {
  readonly #queue = new FrameQueue<Held>(({ taken }) => taken());

  /** Resolves when the source has ended and what it gave has been read. `pass` may change a frame, or drop it by null. */
  async pump(
    source: AsyncIterable<IncomingFrame, undefined>,
    pass: (frame: IncomingFrame) => IncomingFrame | null,
  ): Promise<void> {
    for await (const incoming of source) {
      const frame = pass(incoming);
      if (frame === null) continue;
      await new Promise<void>((taken) => this.#queue.push({ frame, taken }));
    }
  }

  end(rest: 'keep' | 'discard'): void {
    this.#queue.end(rest);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<IncomingFrame, undefined> {
    for await (const { frame } of this.#queue) yield frame;
  }
}
