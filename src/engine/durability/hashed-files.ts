import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashBytes } from '#engine/codec/hash.ts';
import type { Hash } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { writeAtomically } from './atomic-file.ts';
import { diskError, isMissing } from './disk-errors.ts';

/** Files named by the SHA-256 of their bytes: whatever happens to one is noticed when it is read. */
export class HashedFiles {
  readonly #folder: string;
  readonly #suffix: string;
  /** Being written now. Two participants with the same data and seed send the same bytes at the same time. */
  readonly #writing = new Map<Hash, Promise<void>>();

  constructor(folder: string, suffix = '.safetensors') {
    this.#folder = folder;
    this.#suffix = suffix;
  }

  /** @throws RoundscopeError `disk_full`, `path_unwritable` */
  put(hash: Hash, bytes: Uint8Array): Promise<void> {
    const writing =
      this.#writing.get(hash) ?? writeAtomically(this.#path(hash), [bytes]).finally(() => this.#writing.delete(hash));
    this.#writing.set(hash, writing);
    return writing;
  }

  /** Null: not there, or not what its name says; such a file is set aside. */
  async get(hash: Hash): Promise<Uint8Array | null> {
    const path = this.#path(hash);
    try {
      if ((await stat(path)).size > limits.payloadBytesMax) return await setAside(path);
      const bytes = await readFile(path);
      return hashBytes(bytes) === hash ? bytes : await setAside(path);
    } catch (error) {
      if (isMissing(error)) return null;
      throw diskError(path, error);
    }
  }

  async remove(hash: Hash): Promise<void> {
    await rm(this.#path(hash), { force: true });
  }

  /** Removes all others, drafts of a process that died included. */
  async keepOnly(hashes: Iterable<Hash>): Promise<void> {
    // Whoever asked for them hears of their failures; a draft must not be pulled away from under its writer.
    await Promise.allSettled(this.#writing.values());
    const wanted = new Set([...hashes].map((hash) => `${hash}${this.#suffix}`));
    let names: string[];
    try {
      names = await readdir(this.#folder);
    } catch (error) {
      if (isMissing(error)) return;
      throw diskError(this.#folder, error);
    }
    for (const name of names) if (!wanted.has(name)) await rm(join(this.#folder, name), { force: true });
  }

  #path(hash: Hash): string {
    return join(this.#folder, `${hash}${this.#suffix}`);
  }
}

/** Out of the way, but there for whoever wants to see what happened; an older one gives way. */
export async function setAside(path: string): Promise<null> {
  await rename(path, `${path}.damaged`);
  return null;
}
