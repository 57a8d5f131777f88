import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { sealedPathOf } from './identity.ts';
import { fileKey, isOldSeal, seal, unsealOld } from './sealing.ts';

/** Where a participant's key lies while nothing seals it. */
export function participantKeyPath(folder: string, participant: string): string {
  return join(folder, `participant-${participant}-key.pem`);
}

/**
 * The key that seals this participant's file and no other, for the process that needs it. What an earlier version sealed with
 * the system's secret itself is sealed again before, by the process that has that secret.
 * @param sealingKey the system's secret, 64 hex digits
 */
export async function participantSealingKey(folder: string, participant: string, sealingKey: string): Promise<string> {
  const path = sealedPathOf(participantKeyPath(folder, participant));
  const name = basename(path);
  const key = fileKey(sealingKey, name);
  const sealed = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // There is none, or whoever opens it says why it cannot be read.
    if (error.code === undefined) throw error;
    return '';
  });
  const text = isOldSeal(sealed) ? unsealOld(sealed, sealingKey) : null;
  if (text === null) return key;
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, seal(text, { key, name }), { mode: 0o600, flag: 'wx' });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  return key;
}
