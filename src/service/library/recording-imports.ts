import { existsSync } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { RequestOf } from '#shared/contract/app/port-api.ts';
import { ownFolder } from '#engine/host/own-folder.ts';
import { recorderError } from '#engine/recorder/errors.ts';
import { filesOf, isRecordingName, recordingSuffix } from '#engine/recorder/recording-names.ts';
import type { OpenToRead } from '../replay/shown-recordings.ts';

/** Files that come at once; a window sends one. */
const comingMax = 8;
/** Copies of the same name. */
const sameNameMax = 1000;

interface Coming {
  readonly file: FileHandle;
  readonly draft: string;
  readonly name: string;
  readonly sizeBytes: number;
  received: number;
}

/**
 * Recordings that come from elsewhere, piece by piece over a window's port: a page is told no path of what is dropped on it.
 * They are copied into the data folder, and are in it only once they are whole and can be opened.
 */
export class RecordingImports implements AsyncDisposable {
  readonly #folder: string;
  readonly #openToRead: OpenToRead;
  readonly #coming = new Map<string, Coming>();

  constructor(folder: string, openToRead: OpenToRead) {
    this.#folder = folder;
    this.#openToRead = openToRead;
  }

  /**
   * @returns the path of the recording with the last piece, null before
   * @throws RoundscopeError `request_invalid`, `disk_full`, `path_unwritable`, `recording_invalid`; nothing is left of it then
   */
  async take({ transfer, name, sizeBytes, offset, bytes }: RequestOf<'import_recording'>): Promise<string | null> {
    const known = this.#coming.get(transfer);
    const coming = known ?? (await this.#begin(transfer, name, sizeBytes));
    try {
      const fits = offset === coming.received && offset + bytes.byteLength <= coming.sizeBytes;
      if (!fits) throw refused('The pieces of a file came in another order, or are more than it was said to have.');
      await coming.file.write(bytes, 0, bytes.byteLength, offset);
      coming.received += bytes.byteLength;
      if (coming.received < coming.sizeBytes) return null;
      return await this.#finish(transfer, coming);
    } catch (error) {
      await this.#drop(transfer, coming);
      throw recorderError(error, coming.draft, 'copying to');
    }
  }

  /** The user wants it no longer, or its window has gone. */
  async cancel(transfer: string): Promise<void> {
    const coming = this.#coming.get(transfer);
    if (coming !== undefined) await this.#drop(transfer, coming);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [transfer, coming] of this.#coming) await this.#drop(transfer, coming);
  }

  async #begin(transfer: string, name: string, sizeBytes: number): Promise<Coming> {
    // One whose window was closed in the middle is let go for the next.
    const [oldest] = this.#coming.keys();
    if (this.#coming.size >= comingMax && oldest !== undefined) await this.cancel(oldest);
    const draft = join(this.#folder, `.${transfer}.draft`);
    try {
      ownFolder(this.#folder);
      const file = await open(draft, 'wx', 0o600);
      const coming: Coming = { file, draft, name: safeName(name), sizeBytes, received: 0 };
      this.#coming.set(transfer, coming);
      return coming;
    } catch (error) {
      throw recorderError(error, draft, 'copying to');
    }
  }

  async #finish(transfer: string, { file, draft, name }: Coming): Promise<string> {
    await file.sync();
    await file.close();
    // What cannot be opened is not taken into the library.
    await this.#check(draft, name);
    await removeCompanions(draft);
    const path = this.#freePath(name);
    await rename(draft, path);
    this.#coming.delete(transfer);
    return path;
  }

  /** Words about it name the file as its user knows it. */
  async #check(draft: string, name: string): Promise<void> {
    try {
      await (await this.#openToRead(draft))[Symbol.asyncDispose]();
    } catch (error) {
      const { code, message, ...rest } = toErrorReport(recorderError(error, draft, 'reading'));
      throw new RoundscopeError(code, { ...rest, message: message.replaceAll(draft, name), cause: error });
    }
  }

  #freePath(name: string): string {
    const { name: stem, ext } = parse(name);
    for (let copy = 1; copy <= sameNameMax; copy++) {
      const path = join(this.#folder, copy === 1 ? name : `${stem}-${copy}${ext}`);
      if (!existsSync(path)) return path;
    }
    throw refused(`There are ${sameNameMax} recordings of the name ${name} already.`);
  }

  async #drop(transfer: string, { file, draft }: Coming): Promise<void> {
    this.#coming.delete(transfer);
    await file.close().catch(() => undefined);
    await removeCompanions(draft);
    await rm(draft, { force: true });
  }
}

/** What SQLite has put beside it to read it. */
async function removeCompanions(draft: string): Promise<void> {
  for (const path of filesOf(draft)) if (path !== draft) await rm(path, { force: true });
}

/** What no system takes in the name of a file. */
// oxlint-disable-next-line no-control-regex
const unfitInName = /[\u0000-\u001f<>:"/\\|?*]/g;

/** A name of a file and nothing else, on every system. */
function safeName(name: string): string {
  const plain = name.replaceAll(unfitInName, '-').replace(/^\.+/, '').slice(-120);
  return isRecordingName(plain) ? plain : `${plain === '' ? 'recording' : plain}${recordingSuffix}`;
}

function refused(message: string): RoundscopeError {
  return new RoundscopeError('request_invalid', { layer: 'service', message });
}
