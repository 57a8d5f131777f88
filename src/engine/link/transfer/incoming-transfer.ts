import { RunningHash } from '#engine/codec/hash.ts';
import { after, bytesIn, type Parts } from '#engine/framing/parts.ts';
import type { MessageHeader, PayloadInfo } from '#shared/contract/messages.ts';
import type { Place } from './incoming-room.ts';

/**
 * A payload that is being received. Its chunks are put together and hashed as they arrive, so that nothing is left to do at
 * the end. It is allocated at once, without later copies: it is at most as long as a model of the run, and room for it was
 * reserved before. Memory that is mapped on first use is used only as far as bytes have arrived.
 */
export class IncomingTransfer {
  readonly header: MessageHeader;
  readonly info: PayloadInfo;
  readonly place: Place;
  #buffer: Uint8Array | null = null;
  #received = 0;
  readonly #hash = new RunningHash();

  constructor(header: MessageHeader, info: PayloadInfo, place: Place) {
    this.header = header;
    this.info = info;
    this.place = place;
  }

  get receivedBytes(): number {
    return this.#received;
  }

  get complete(): boolean {
    return this.#received === this.info.length;
  }

  /** `duplicate`: all of it was received before. After `gap` or `overflow` the lane cannot be trusted any more. */
  append(offset: number, parts: Parts): 'taken' | 'duplicate' | 'gap' | 'overflow' {
    const end = offset + bytesIn(parts);
    if (end > this.info.length) return 'overflow';
    if (offset > this.#received) return 'gap';
    if (end <= this.#received) return 'duplicate';
    const buffer = (this.#buffer ??= new Uint8Array(this.info.length));
    for (const fresh of after(parts, this.#received - offset)) {
      buffer.set(fresh, this.#received);
      this.#hash.update(fresh);
      this.#received += fresh.byteLength;
      this.place.moved(fresh.byteLength);
    }
    return 'taken';
  }

  /** Once, when complete. Null: the bytes are not what the header announced. */
  finish(): Uint8Array | null {
    this.place.whole();
    return this.#hash.digest() === this.info.hash ? (this.#buffer ?? new Uint8Array(0)) : null;
  }
}
