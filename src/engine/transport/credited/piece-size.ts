/** The smallest that pieces are made: brokers that take less are not used. */
export const pieceBytesMin = 4 * 1024;

/**
 * Largest body of one piece that a broker takes, as far as is known. It outlives sessions: a broker that cuts the connection
 * over a packet that is too large for it would otherwise do so again and again.
 */
export class PieceSize {
  #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The broker has named its limit. */
  cap(bytes: number): void {
    this.#bytes = Math.min(this.#bytes, bytes);
  }

  /** A piece of `bytes` did not pass. False: smaller ones are not made. */
  shrinkBelow(bytes: number): boolean {
    if (bytes <= pieceBytesMin) return false;
    this.cap(Math.max(pieceBytesMin, Math.floor(bytes / 2)));
    return true;
  }
}

/** A broker did not take a piece and says why. */
export class PieceRefused extends Error {
  readonly tooLarge: boolean;

  constructor(words: string, tooLarge: boolean) {
    super(words);
    this.name = 'PieceRefused';
    this.tooLarge = tooLarge;
  }
}
