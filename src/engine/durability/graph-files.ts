import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hash } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { GraphReference } from '#shared/contract/run/model-config.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { writeAtomically } from './atomic-file.ts';
import { diskError } from './disk-errors.ts';
import { HashedFiles } from './hashed-files.ts';

const suffix = '.onnx';

interface Parts {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Of this process, since others may write the same file at the same time. */
  readonly draft: string;
}

/** Networks of runs by their hashes, shared by all processes of this machine; those not used for longest go. */
export class GraphFiles {
  readonly #folder: string;
  readonly #files: HashedFiles;
  readonly #parts: Parts;

  constructor(folder: string, parts: Parts) {
    this.#folder = folder;
    this.#files = new HashedFiles(folder, suffix);
    this.#parts = parts;
  }

  /** Null: not there, or not what its name says. */
  async find({ hash, bytes }: GraphReference): Promise<Uint8Array | null> {
    const file = await this.#files.get(hash);
    if (file?.byteLength !== bytes) return null;
    const seconds = this.#parts.clock.wallMs() / 1000;
    // Used now; where the time cannot be set it is only older than it might be.
    await utimes(this.#path(hash), seconds, seconds).catch(() => undefined);
    return file;
  }

  /** @throws RoundscopeError `disk_full`, `path_unwritable` */
  async keep(hash: Hash, file: Uint8Array): Promise<void> {
    const draft = `${this.#path(hash)}.${this.#parts.draft}`;
    await writeAtomically(draft, [file]);
    try {
      await rename(draft, this.#path(hash));
      await this.#makeRoom();
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw diskError(this.#path(hash), error);
    }
  }

  #path(hash: Hash): string {
    return join(this.#folder, `${hash}${suffix}`);
  }

  /** Drafts of processes that died are among what is not used. */
  async #makeRoom(): Promise<void> {
    const files = await Promise.all(
      (await readdir(this.#folder)).map(async (name) => {
        const path = join(this.#folder, name);
        // Another process may have removed it just now.
        const { mtimeMs: atMs, size } = await stat(path).catch(() => ({ mtimeMs: 0, size: 0 }));
        return { path, atMs, size };
      }),
    );
    let bytes = 0;
    for (const [i, { path, size }] of files.sort((a, b) => b.atMs - a.atMs).entries()) {
      bytes += size;
      if (i > 0 && (i >= limits.graphFilesMax || bytes > limits.graphFilesBytesMax)) await rm(path, { force: true });
    }
  }
}
