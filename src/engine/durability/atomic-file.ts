import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError } from './disk-errors.ts';

/** Secrets and models of people's data: nobody else's business. */
export const fileMode = 0o600;
export const folderMode = 0o700;

/**
 * Writes a file so that whoever reads it after a crash finds the former content or the new one, whole: written beside it,
 * forced to disk, renamed over it.
 * @throws RoundscopeError `disk_full`, `path_unwritable`; the former content is still there then
 */
export async function writeAtomically(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const draft = `${path}.draft`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: folderMode });
    const file = await open(draft, 'w', fileMode);
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw diskError(path, error);
  }
}

/** The same for small files of which the end is waited for: what follows must not be known before. */
export function writeAtomicallySync(path: string, text: string): void {
  const draft = `${path}.draft`;
  try {
    const file = openSync(draft, 'w', fileMode);
    try {
      writeFully(file, Buffer.from(text, 'utf8'));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(draft, { force: true });
    throw diskError(path, error);
  }
}

export function writeFully(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.byteLength;) written += writeSync(file, bytes, written);
}

/** A rename is on disk once its folder is. Windows has no such thing and needs none. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
