/** Unpredictable bytes as a dependency, for ids and secrets; seeded in simulations, where `Random` makes them. */
export interface Entropy {
  bytes(count: number): Uint8Array;
}

/** `byteCount` unpredictable bytes as lower-case hex. */
export function entropyHex(entropy: Entropy, byteCount: number): string {
  return Array.from(entropy.bytes(byteCount), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
