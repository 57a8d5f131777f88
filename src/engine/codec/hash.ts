import { createHash } from 'node:crypto';
import type { Hash } from '#shared/contract/ids.ts';

/** SHA-256 of a payload, the identity of models and contributions. About 1 GB/s; in one go, so not for large ones on a busy loop. */
export function hashBytes(bytes: Uint8Array): Hash {
  return createHash('sha256').update(bytes).digest('hex') as Hash;
}

/** The same, fed piece by piece as bytes arrive. */
export class RunningHash {
  readonly #hash = createHash('sha256');

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Ends it: once only. */
  digest(): Hash {
    return this.#hash.digest('hex') as Hash;
  }
}
