/** What happens to an item that finds its queue full; waiting is the producer's business, so it is told `false`. */
export type FullPolicy = 'refuse' | 'drop_oldest';

/** First in, first out, within a limit; what is dropped is counted. */
export class BoundedQueue<T> {
  readonly #limit: number;
  readonly #policy: FullPolicy;
  #items: T[] = [];
  #head = 0;
  #dropped = 0;

  constructor(limit: number, policy: FullPolicy) {
    this.#limit = limit;
    this.#policy = policy;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Items lost since the queue was made: refused ones are the producer's to count. */
  get dropped(): number {
    return this.#dropped;
  }

  push(item: T): boolean {
    if (this.length >= this.#limit) {
      if (this.#policy === 'refuse') return false;
      this.shift();
      this.#dropped++;
    }
    this.#items.push(item);
    return true;
  }

  shift(): T | undefined {
    if (this.#head >= this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined as T;
    this.#head++;
    // Compact now and then, so that a queue that is never quite empty does not grow without end.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** The items in order, without taking them. */
  snapshot(): T[] {
    return this.#items.slice(this.#head);
  }

  drain(): T[] {
    const items = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }
}
