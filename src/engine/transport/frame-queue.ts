import { assert } from '#shared/base/assert.ts';

/**
 * Frames on their way from a transport to its one reader. It holds what flow control admitted and nothing more: whoever
 * pushes has counted, `onTaken` tells it when an item has left.
 */
export class FrameQueue<T> implements AsyncIterable<T, undefined> {
  readonly #onTaken: (item: T) => void;
  #items: T[] = [];
  #head = 0;
  #ended = false;
  #waiting: ((result: IteratorResult<T, undefined>) => void) | null = null;

  constructor(onTaken: (item: T) => void = () => undefined) {
    this.#onTaken = onTaken;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Ignored after the end: a frame that comes late for a closed session is nobody's. */
  push(item: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#items.push(item);
      return;
    }
    this.#waiting = null;
    this.#onTaken(item);
    waiting({ done: false, value: item });
  }

  /** Nothing more comes; what is there can still be read, unless it is discarded. */
  end(rest: 'keep' | 'discard'): void {
    this.#ended = true;
    if (rest === 'discard') {
      this.#items = [];
      this.#head = 0;
    }
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = null;
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    assert(this.#waiting === null, 'a session has one reader');
    if (this.#head < this.#items.length) {
      const item = this.#items[this.#head] as T;
      this.#items[this.#head] = undefined as T;
      this.#head++;
      if (this.#head === this.#items.length) {
        this.#items = [];
        this.#head = 0;
      }
      this.#onTaken(item);
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}
