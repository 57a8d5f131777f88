import type { RoundscopeError } from '#shared/base/errors.ts';
import { framePrefixBytes, readPrefix } from './frame.ts';
import type { Parts } from './parts.ts';

/** Frames completed by a push, and the error that ended the stream of frames, if one did. */
export interface Decoded {
  /**
   * Whole frames, prefix included, in order. The first part of each holds prefix and header; what is large of a body stays
   * in the memory in which it was pushed.
   */
  readonly frames: readonly Parts[];
  /** Once set, the decoder takes nothing more: the stream has lost its boundaries, so its session has to go. */
  readonly error: RoundscopeError | null;
}

/** From this size on it costs less to keep a piece of a body as it is than to copy it: 0.3 ms/MB, and fresh memory for each chunk. */
const keptBytesMin = 4 * 1024;
/** Small pieces are gathered in memory that doubles up to this size: a claimed length alone makes us allocate nothing. */
const gatherBytesMax = 64 * 1024;
const gatherBytesMin = 1024;

/**
 * Finds the frames in a stream of bytes: any split of the same bytes gives the same frames. Lengths are checked as soon as
 * they are there, so the most it holds is one frame (`limits.frameBytesMax`), in at most twice the memory of what has arrived.
 */
export class FrameDecoder {
  /** Of a frame whose end is missing: parts that are full. */
  #parts: Uint8Array[] = [];
  /** Its last part, while small pieces are gathered there. */
  #gathering: Uint8Array = new Uint8Array(0);
  #gathered = 0;
  /** Bytes of the frame that are here. */
  #filled = 0;
  /** Length of prefix and header, and of the whole; 0 while the prefix is incomplete. */
  #headBytes = 0;
  #frameBytes = 0;
  #error: RoundscopeError | null = null;

  /** Bytes of a frame that has begun and not ended: at the end of a stream there must be none. */
  get pendingBytes(): number {
    return this.#filled;
  }

  push(bytes: Uint8Array): Decoded {
    if (this.#error !== null) return { frames: [], error: this.#error };
    const frames: Parts[] = [];
    let offset = 0;
    while (offset < bytes.byteLength && this.#error === null) {
      offset += this.#filled > 0 ? this.#resume(bytes, offset, frames) : this.#begin(bytes, offset, frames);
    }
    return { frames, error: this.#error };
  }

  /** At a frame's first byte: takes it whole where it is, or keeps its beginning. Returns the bytes consumed. */
  #begin(bytes: Uint8Array, offset: number, frames: Parts[]): number {
    const available = bytes.byteLength - offset;
    if (!this.#check(bytes, offset, available)) return 0;
    if (this.#frameBytes > 0 && available >= this.#frameBytes) {
      const { frameBytes } = this.#reset();
      frames.push([bytes.subarray(offset, offset + frameBytes)]);
      return frameBytes;
    }
    // A header that is not whole is gathered, so that it lies in one part in the end.
    const headIsHere = this.#headBytes > 0 && available >= this.#headBytes;
    this.#keep(bytes.subarray(offset), headIsHere);
    return available;
  }

  #resume(bytes: Uint8Array, offset: number, frames: Parts[]): number {
    const inBody = this.#headBytes > 0 && this.#filled >= this.#headBytes;
    const end = inBody ? this.#frameBytes : this.#headBytes === 0 ? framePrefixBytes : this.#headBytes;
    const taken = Math.min(end - this.#filled, bytes.byteLength - offset);
    this.#keep(bytes.subarray(offset, offset + taken), inBody);
    if (this.#frameBytes === 0 && !this.#check(this.#gathering, 0, this.#filled)) return 0;
    if (this.#frameBytes > 0 && this.#filled === this.#frameBytes) {
      this.#closePart();
      frames.push(this.#reset().parts);
    }
    return taken;
  }

  /** Reads the lengths of the frame, once they are there. False: they are none, and the stream has ended. */
  #check(bytes: Uint8Array, offset: number, available: number): boolean {
    const prefix = readPrefix(bytes, offset, available);
    if (!prefix.ok) {
      this.#reset();
      this.#error = prefix.error;
      return false;
    }
    if (prefix.value !== null) {
      this.#headBytes = framePrefixBytes + prefix.value.headerBytes;
      this.#frameBytes = prefix.value.frameBytes;
    }
    return true;
  }

  /** @param headIsWhole whether the header is here with this piece, so that the piece may be a part of its own */
  #keep(piece: Uint8Array, headIsWhole: boolean): void {
    this.#filled += piece.byteLength;
    // A view keeps all of its memory alive: of a small part of a large buffer it would be too much.
    if (headIsWhole && piece.byteLength >= keptBytesMin && 2 * piece.byteLength >= piece.buffer.byteLength) {
      this.#closePart();
      this.#parts.push(piece);
      return;
    }
    if (headIsWhole && this.#gathered >= gatherBytesMax) this.#closePart();
    this.#gather(piece);
  }

  #gather(piece: Uint8Array): void {
    const wanted = this.#gathered + piece.byteLength;
    if (wanted > this.#gathering.byteLength) {
      // Not filled with zeros: what is handed out is only what has come.
      const room = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(wanted, this.#nextRoom(wanted))).buffer);
      room.set(this.#gathering.subarray(0, this.#gathered));
      this.#gathering = room;
    }
    this.#gathering.set(piece, this.#gathered);
    this.#gathered = wanted;
  }

  #nextRoom(wanted: number): number {
    const room = Math.min(gatherBytesMax, Math.max(gatherBytesMin, 2 * this.#gathering.byteLength));
    return this.#frameBytes === 0 ? room : Math.min(room, wanted + this.#frameBytes - this.#filled);
  }

  #closePart(): void {
    if (this.#gathered > 0) this.#parts.push(this.#gathering.subarray(0, this.#gathered));
    this.#gathering = new Uint8Array(0);
    this.#gathered = 0;
  }

  /** Ready for the next frame; returns what was known of this one. */
  #reset(): { readonly parts: Parts; readonly frameBytes: number } {
    const frame = { parts: this.#parts, frameBytes: this.#frameBytes };
    this.#parts = [];
    this.#gathering = new Uint8Array(0);
    this.#gathered = this.#filled = this.#headBytes = this.#frameBytes = 0;
    return frame;
  }
}
