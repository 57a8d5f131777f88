import { RunningHash } from '#engine/codec/hash.ts';
import { after, bytesIn, type Parts } from '#engine/framing/parts.ts';
import type { MessageHeader, PayloadInfo } from '#shared/contract/messages.ts';

/** Allocated at once on a peer's word; the buffer grows fourfold as bytes really come. */
const firstAllocationBytes = 4 * 1024 * 1024;
const growth = 4;

/** A bulk payload on its way in: assembled in order and hashed as it comes, so that its end costs nothing. */
export class IncomingTransfer {
  readonly header: MessageHeader;
  readonly info: PayloadInfo;
  #buffer: Uint8Array;
  #received = 0;
  readonly #hash = new RunningHash();

  constructor(header: MessageHeader, info: PayloadInfo) {
    this.header = header;
    this.info = info;
    this.#buffer = new Uint8Array(Math.min(info.length, firstAllocationBytes));
  }

  get receivedBytes(): number {
    return this.#received;
  }

  get complete(): boolean {
    return this.#received === this.info.length;
  }

  /** `duplicate`: all of it was here already. `gap` and `overflow` mean that the lane cannot be trusted any more. */
  append(offset: number, parts: Parts): 'taken' | 'duplicate' | 'gap' | 'overflow' {
    const end = offset + bytesIn(parts);
    if (end > this.info.length) return 'overflow';
    if (offset > this.#received) return 'gap';
    if (end <= this.#received) return 'duplicate';
    this.#reserve(end);
    for (const fresh of after(parts, this.#received - offset)) {
      this.#buffer.set(fresh, this.#received);
      this.#hash.update(fresh);
      this.#received += fresh.byteLength;
    }
    return 'taken';
  }

  /** Once, when complete. Null: the bytes are not what the header announced. */
  finish(): Uint8Array | null {
    return this.#hash.digest() === this.info.hash ? this.#buffer : null;
  }

  #reserve(bytes: number): void {
    if (this.#buffer.byteLength >= bytes) return;
    const grown = new Uint8Array(Math.min(this.info.length, Math.max(bytes, this.#buffer.byteLength * growth)));
    grown.set(this.#buffer.subarray(0, this.#received));
    this.#buffer = grown;
  }
}
