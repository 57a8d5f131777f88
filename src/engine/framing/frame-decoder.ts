import type { RoundscopeError } from '#shared/base/errors.ts';
import { framePrefixBytes, readPrefix } from './frame.ts';

/** Frames completed by a push, and the error that ended the stream of frames, if one did. */
export interface Decoded {
  /** Whole frames, prefix included, in order. A frame that lay in one piece is a view into what was pushed. */
  readonly frames: readonly Uint8Array[];
  /** Once set, the decoder takes nothing more: the stream has lost its boundaries, so its session has to go. */
  readonly error: RoundscopeError | null;
}

/** A claimed length makes us allocate this much at most before its bytes come. */
const firstAllocationBytes = 64 * 1024;

/**
 * Finds the frames in a stream of bytes: any split of the same bytes gives the same frames. Lengths are judged as soon as
 * they are there, so the most it holds is one frame (`limits.frameBytesMax`), and never much more than has arrived.
 */
export class FrameDecoder {
  /** Beginning of a frame whose end is missing. */
  #partial: Uint8Array = new Uint8Array(0);
  #filled = 0;
  /** Length of the partial frame; 0 while its prefix is incomplete. */
  #frameBytes = 0;
  #error: RoundscopeError | null = null;

  /** Bytes of a frame that has begun and not ended: at the end of a stream there must be none. */
  get pendingBytes(): number {
    return this.#filled;
  }

  push(bytes: Uint8Array): Decoded {
    if (this.#error !== null) return { frames: [], error: this.#error };
    const frames: Uint8Array[] = [];
    let offset = 0;
    while (offset < bytes.byteLength && this.#error === null) {
      offset += this.#filled > 0 ? this.#resume(bytes, offset, frames) : this.#begin(bytes, offset, frames);
    }
    return { frames, error: this.#error };
  }

  /** At a frame's first byte: takes it whole where it is, or keeps its beginning. Returns the bytes consumed. */
  #begin(bytes: Uint8Array, offset: number, frames: Uint8Array[]): number {
    const available = bytes.byteLength - offset;
    const prefix = readPrefix(bytes, offset, available);
    if (!prefix.ok) return this.#fail(prefix.error);
    const frameBytes = prefix.value?.frameBytes ?? 0;
    if (frameBytes > 0 && available >= frameBytes) {
      frames.push(bytes.subarray(offset, offset + frameBytes));
      return frameBytes;
    }
    this.#frameBytes = frameBytes;
    this.#reserve(Math.max(available, framePrefixBytes));
    this.#partial.set(bytes.subarray(offset), 0);
    this.#filled = available;
    return available;
  }

  #resume(bytes: Uint8Array, offset: number, frames: Uint8Array[]): number {
    const wanted = (this.#frameBytes === 0 ? framePrefixBytes : this.#frameBytes) - this.#filled;
    const taken = Math.min(wanted, bytes.byteLength - offset);
    this.#reserve(this.#filled + taken);
    this.#partial.set(bytes.subarray(offset, offset + taken), this.#filled);
    this.#filled += taken;
    if (this.#frameBytes === 0) {
      const prefix = readPrefix(this.#partial, 0, this.#filled);
      if (!prefix.ok) return this.#fail(prefix.error);
      this.#frameBytes = prefix.value?.frameBytes ?? 0;
    }
    if (this.#frameBytes > 0 && this.#filled === this.#frameBytes) {
      frames.push(this.#partial.subarray(0, this.#filled));
      this.#reset();
    }
    return taken;
  }

  /** Makes room for `bytes`: the whole frame at once when it is small or has shown that it is coming. */
  #reserve(bytes: number): void {
    if (this.#partial.byteLength >= bytes) return;
    const target = bytes > firstAllocationBytes ? this.#frameBytes : Math.min(this.#frameBytes, firstAllocationBytes);
    // Not filled with zeros: a frame is handed out only once every byte of it has come.
    const grown = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(target, bytes)).buffer);
    grown.set(this.#partial.subarray(0, this.#filled));
    this.#partial = grown;
  }

  #fail(error: RoundscopeError): number {
    this.#reset();
    this.#error = error;
    return 0;
  }

  #reset(): void {
    this.#partial = new Uint8Array(0);
    this.#filled = 0;
    this.#frameBytes = 0;
  }
}
