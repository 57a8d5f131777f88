import type { Entropy } from '#shared/base/entropy.ts';
import { seededRandom, type Random } from '#shared/base/random.ts';

/** Bytes that repeat with their seed, where the product takes the machine's entropy. */
export function seededEntropy(seed: number | string | Random): Entropy {
  const random = typeof seed === 'object' ? seed : seededRandom(seed);
  return { bytes: (count) => Uint8Array.from({ length: count }, () => random.int(256)) };
}
