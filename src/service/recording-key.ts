import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entropy } from '#shared/base/entropy.ts';
import { stateKeyBytes } from '#engine/recorder/state-seal.ts';

/**
 * The secret by which this machine knows the states that it has kept in its recordings (decision 0101): made once, in the
 * data folder. Where it cannot be kept, what is recorded now is folded from its beginning later.
 */
export function recordingKey(dataFolder: string, entropy: Entropy): Uint8Array {
  const path = join(dataFolder, 'recording-key');
  const kept = keptKey(path);
  if (kept !== null) return kept;
  const made = entropy.bytes(stateKeyBytes);
  try {
    // Whatever lies there is no key, or somebody was faster.
    writeFileSync(path, made, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return keptKey(path) ?? made;
  }
}

function keptKey(path: string): Uint8Array | null {
  try {
    const bytes = readFileSync(path);
    return bytes.length === stateKeyBytes ? new Uint8Array(bytes) : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}
