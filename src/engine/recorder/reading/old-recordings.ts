import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '#shared/contract/limits.ts';
import { filesOf, isRecordingName } from '../recording-names.ts';
import { applicationId } from '../schema.ts';

/** Where SQLite keeps the application id in a file's header (sqlite.org/fileformat2.html, 1.3). */
const applicationIdOffset = 68;

export interface Cleaned {
  readonly removed: readonly string[];
  /** Files that could not be checked or removed, with the reason. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

export interface Cleaning {
  readonly nowMs: number;
  readonly ageMsMax?: number;
  /** Such as a pinned one, whatever its age. */
  readonly isKept: (path: string) => Promise<boolean>;
}

/** Removes recordings of ours in `folder` that nobody has written to for `ageMsMax`; other files are left alone. */
export async function removeOldRecordings(
  folder: string,
  { nowMs, ageMsMax = limits.recordingAgeMsMax, isKept }: Cleaning,
): Promise<Cleaned> {
  const removed: string[] = [];
  const failed: { path: string; reason: string }[] = [];
  for (const name of (await readdir(folder)).filter(isRecordingName).toSorted()) {
    const path = join(folder, name);
    try {
      const { mtimeMs } = await stat(path);
      if (nowMs - mtimeMs <= ageMsMax || !(await isRecording(path)) || (await isKept(path))) continue;
      for (const file of filesOf(path)) await rm(file, { force: true });
      removed.push(path);
    } catch (error) {
      failed.push({ path, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { removed, failed };
}

async function isRecording(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const header = Buffer.alloc(applicationIdOffset + 4);
  const { bytesRead } = await file.read(header, 0, header.length, 0);
  return bytesRead === header.length && header.readUInt32BE(applicationIdOffset) === applicationId;
}
