import { randomBytes } from 'node:crypto';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';

/** The operating system's entropy, for secrets and ids. */
export const systemEntropy: Entropy = { bytes: (count) => new Uint8Array(randomBytes(count)) };

/** A short id that does not repeat, such as of a run or a process's link. */
export function randomId(byteCount = 8): string {
  return entropyHex(systemEntropy, byteCount);
}
