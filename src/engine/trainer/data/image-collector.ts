import { limits } from '#shared/contract/limits.ts';
import { dataError } from '../errors.ts';

const blockBytes = 8 * 1024 * 1024;

/** Images that come one by one, all of one size, before it is known how many there are: memory grows by blocks up to the limit. */
export class ImageCollector {
  readonly #path: string;
  readonly #size: number;
  readonly #perBlock: number;
  readonly #blocks: Uint8Array[] = [];
  readonly labels: number[] = [];

  /** @param size bytes of one image */
  constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
    this.#perBlock = Math.max(1, Math.floor(blockBytes / size));
  }

  get count(): number {
    return this.labels.length;
  }

  /**
   * Room for the next image, which is taken by `keep`; until then the same room is given again.
   * @throws RoundscopeError `data_too_large`
   */
  room(): Uint8Array {
    const { count } = this;
    if (count >= limits.datasetExamplesMax || (count + 1) * this.#size > limits.datasetBytesMax)
      throw dataError(
        'data_too_large',
        `${this.#path} holds more images than Roundscope holds in memory: it ended at ${count.toLocaleString('en')}. Use a part of it.`,
        { context: { path: this.#path, images: count } },
      );
    const block = Math.floor(count / this.#perBlock);
    if (block === this.#blocks.length) this.#blocks.push(new Uint8Array(this.#perBlock * this.#size));
    const at = (count % this.#perBlock) * this.#size;
    return (this.#blocks[block] as Uint8Array).subarray(at, at + this.#size);
  }

  keep(label: number): void {
    this.labels.push(label);
  }

  /** All images one after the other, into `target` from `offset` on; the blocks are given up as they are copied. */
  moveTo(target: Uint8Array, offset: number): void {
    let at = offset;
    let left = this.count * this.#size;
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      const part = block.subarray(0, Math.min(left, this.#perBlock * this.#size));
      target.set(part, at);
      at += part.length;
      left -= part.length;
    }
  }
}
