import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { spawn } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { DeletedRecording } from '#shared/contract/app/library.ts';
import { diskError, isMissing } from '#engine/durability/disk-errors.ts';
import { filesOf } from '#engine/recorder/recording-names.ts';
import { timing } from '#shared/contract/limits.ts';

interface Deleted extends DeletedRecording {
  readonly path: string;
  readonly folder: string;
  readonly timer: Disposable;
}

/**
 * Recordings that were deleted and may still be taken back: moved aside in the data folder, and gone after half a minute.
 * What a process that ended left there goes when the next one deletes or lists.
 */
export class DeletedRecordings implements Disposable {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #held = new Map<string, Deleted>();

  constructor(dataFolder: string, clock: Clock) {
    this.#folder = join(dataFolder, 'deleted');
    this.#clock = clock;
  }

  /** Oldest first. */
  list(): readonly DeletedRecording[] {
    return [...this.#held.values()].map(({ id, name, sizeBytes, until }) => ({ id, name, sizeBytes, until }));
  }

  /** @throws RoundscopeError `path_unwritable`: it is where it was */
  async delete(
    path: string,
    { name, sizeBytes }: Pick<DeletedRecording, 'name' | 'sizeBytes'>,
  ): Promise<DeletedRecording> {
    const until = this.#clock.wallMs() + timing.deletedRecordingMs;
    const id = `${Math.round(until)}-${basename(path)}`;
    const folder = join(this.#folder, id);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await moveFiles(path, folder);
    } catch (error) {
      await removeEmpty(folder);
      throw diskError(path, error);
    }
    const timer = this.#clock.timer(timing.deletedRecordingMs, () => spawn('removing a recording', this.#remove(id)));
    const deleted: Deleted = { id, name, sizeBytes, until, path, folder, timer };
    this.#held.set(id, deleted);
    return deleted;
  }

  /** Puts it back where it was. @throws RoundscopeError `recording_gone`, `path_unwritable` */
  async restore(id: string): Promise<string> {
    const held = this.#held.get(id);
    if (held === undefined) {
      throw new RoundscopeError('recording_gone', {
        layer: 'service',
        message: 'This recording is gone: it was kept for half a minute after it was deleted.',
      });
    }
    // A move would write over it.
    if (existsSync(held.path)) throw taken(held.path);
    try {
      await moveFiles(join(held.folder, basename(held.path)), dirname(held.path));
    } catch (error) {
      throw diskError(held.path, error);
    }
    held.timer[Symbol.dispose]();
    this.#held.delete(id);
    await removeEmpty(held.folder);
    return held.path;
  }

  /** Removes what is over its time and was left by a process that has ended. */
  async tidy(): Promise<void> {
    for (const name of await namesIn(this.#folder)) {
      const until = Number(/^(\d{1,16})-/.exec(name)?.[1] ?? Number.NaN);
      if (this.#held.has(name) || !(until + timing.deletedRecordingMs < this.#clock.wallMs())) continue;
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#held.values()) timer[Symbol.dispose]();
    this.#held.clear();
  }

  async #remove(id: string): Promise<void> {
    const held = this.#held.get(id);
    this.#held.delete(id);
    if (held !== undefined) await rm(held.folder, { recursive: true, force: true });
  }
}

/** All of them or none: without what lies beside it a recording has lost its last rows. */
async function moveFiles(recording: string, folder: string): Promise<void> {
  const moved: { readonly from: string; readonly to: string }[] = [];
  try {
    for (const from of filesOf(recording)) {
      const to = join(folder, basename(from));
      try {
        await rename(from, to);
        moved.push({ from, to });
      } catch (error) {
        if (from === recording || !isMissing(error)) throw error;
      }
    }
  } catch (error) {
    for (const { from, to } of moved.toReversed()) await rename(to, from);
    throw error;
  }
}

/** What is not empty holds somebody's recording, and stays. */
async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}

function taken(path: string): RoundscopeError {
  return new RoundscopeError('path_unwritable', {
    layer: 'service',
    message: `${path} exists again: move it away, and take the recording back after that.`,
    context: { path },
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(folder, error);
  }
}
