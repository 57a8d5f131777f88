import { RoundscopeError } from '#shared/base/errors.ts';
import { FrameDecoder } from '../../framing/frame-decoder.ts';
import type { Parts } from '../../framing/parts.ts';
import type { QuicStream } from './quic-session.ts';

/** Bytes asked for at once. Quinn with 4 KB reads moves a fraction of what it moves with these. */
const readBytes = 64 * 1024;

/** The receiving half of one stream as frames, one at a time, so that who does not take them holds the peer back. */
export class FrameReader {
  readonly stream: QuicStream;
  readonly #decoder = new FrameDecoder();
  #ready: readonly Parts[] = [];
  #taken = 0;
  #error: RoundscopeError | null = null;

  constructor(stream: QuicStream) {
    this.stream = stream;
  }

  /**
   * The next frame, prefix included; null when the peer has ended its half (or the session has ended).
   * @throws RoundscopeError of layer `codec` for bytes that are no frames, anything else for a stream that broke off
   */
  async next(): Promise<Parts | null> {
    for (;;) {
      const frame = this.#ready[this.#taken];
      if (frame !== undefined) {
        this.#taken++;
        return frame;
      }
      if (this.#error !== null) throw this.#error;
      const bytes = await this.stream.read(readBytes);
      if (bytes === null) return this.#end();
      const decoded = this.#decoder.push(bytes);
      this.#ready = decoded.frames;
      this.#taken = 0;
      this.#error = decoded.error;
    }
  }

  #end(): null {
    if (this.#decoder.pendingBytes === 0) return null;
    throw new RoundscopeError('frame_truncated', {
      layer: 'codec',
      message: `stream ${this.stream.id} ended inside a frame, after ${this.#decoder.pendingBytes} bytes of it`,
    });
  }
}
