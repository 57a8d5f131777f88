import { assert } from '../base/assert.ts';

/** Bytes of a body as they come, in pieces of any size. */
export type ByteSource = AsyncIterable<Uint8Array>;

/** A body that cannot be what it says; `message` is a sentence for people. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** The source ended before what was asked for: the rest was not kept, or never came. */
export class OutOfBytes extends Error {
  override readonly name = 'OutOfBytes';
}

/** Most that is ever asked for at once. */
const takeMax = 16 * 1024 * 1024;

/** Reads a body from its beginning to its end, once; holds one piece of the source, and what was asked for at once. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #ended = false;
  #read = 0;

  constructor(source: ByteSource) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Bytes that were taken or passed over. */
  get position(): number {
    return this.#read;
  }

  /**
   * The next `bytes`.
   * @throws OutOfBytes
   */
  async take(bytes: number): Promise<Uint8Array> {
    assert(bytes <= takeMax, 'more than is read at once');
    if (bytes <= this.#piece.length) return this.#cut(bytes);
    const taken = new Uint8Array(bytes);
    let at = 0;
    while (at < bytes) {
      if (this.#piece.length === 0 && !(await this.#more())) throw new OutOfBytes(`${bytes - at} bytes are missing`);
      const part = this.#cut(Math.min(bytes - at, this.#piece.length));
      taken.set(part, at);
      at += part.length;
    }
    return taken;
  }

  /** As many of the next `bytes` as there are, left where they are. */
  async peek(bytes: number): Promise<Uint8Array> {
    assert(bytes <= takeMax, 'more than is read at once');
    while (this.#piece.length < bytes) {
      const before = this.#piece;
      this.#piece = new Uint8Array(0);
      if (!(await this.#more())) {
        this.#piece = before;
        break;
      }
      const joined = new Uint8Array(before.length + this.#piece.length);
      joined.set(before);
      joined.set(this.#piece, before.length);
      this.#piece = joined;
    }
    return this.#piece.subarray(0, bytes);
  }

  /**
   * The next `bytes` in pieces, as they come.
   * @throws OutOfBytes after what there was
   */
  async *pieces(bytes: number): AsyncGenerator<Uint8Array, undefined> {
    for (let left = bytes; left > 0;) {
      if (this.#piece.length === 0 && !(await this.#more())) throw new OutOfBytes(`${left} bytes are missing`);
      const part = this.#cut(Math.min(left, this.#piece.length));
      left -= part.length;
      yield part;
    }
  }

  /** All that is left, in pieces. */
  async *rest(): AsyncGenerator<Uint8Array, undefined> {
    while (this.#piece.length > 0 || (await this.#more())) yield this.#cut(this.#piece.length);
  }

  /** @throws OutOfBytes */
  async skip(bytes: number): Promise<void> {
    for await (const _ of this.pieces(bytes));
  }

  #cut(bytes: number): Uint8Array {
    const part = this.#piece.subarray(0, bytes);
    this.#piece = this.#piece.subarray(bytes);
    this.#read += bytes;
    return part;
  }

  async #more(): Promise<boolean> {
    while (!this.#ended) {
      const next = await this.#source.next();
      if (next.done === true) this.#ended = true;
      else if (next.value.length > 0) {
        this.#piece = next.value;
        return true;
      }
    }
    return false;
  }
}

/** One piece, or several, as a source. */
export async function* bytesOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, undefined> {
  yield* pieces;
}
