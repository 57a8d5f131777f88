import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import {
  nameOf,
  type DeletedRecording,
  type LibraryList,
  type LibraryRecording,
  type RecordedRun,
  type UnreadableRecording,
} from '#shared/contract/app/library.ts';
import { limits } from '#shared/contract/limits.ts';
import type { RequestOf } from '#shared/contract/app/port-api.ts';
import { isMissing } from '#engine/durability/disk-errors.ts';
import { recorderError } from '#engine/recorder/errors.ts';
import { filesOf, isRecordingName } from '#engine/recorder/recording-names.ts';
import { ReadingThread } from '#engine/recorder/reading/reading-thread.ts';
import { DeletedRecordings } from './deleted-recordings.ts';
import { readRecordedRun } from './recorded-runs.ts';
import { RecordingImports } from './recording-imports.ts';
import { readNotes, writeNotes } from './recording-notes.ts';
import type { OpenToRead } from '../replay/shown-recordings.ts';
import type { WrittenRecording } from './written-recordings.ts';

/** Where recordings lie in a data folder: those of runs, copies that were saved, and those that came from elsewhere. */
const libraryFolders = { runs: 'recordings', copies: 'saved', others: 'imported' } as const;

export interface LibraryOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  /** `entryPath('recorder-worker')`. */
  readonly entry: string;
  readonly openToRead: OpenToRead;
  /** Recordings that are open for writing, by their paths. */
  readonly written: () => Promise<ReadonlyMap<string, WrittenRecording>>;
}

/** A file as it was when it was read. */
interface Known {
  readonly stamp: string;
  readonly run: RecordedRun | UnreadableRecording['error'];
}

interface Found {
  readonly path: string;
  readonly sizeBytes: number;
  readonly changedAt: number;
  /** Another one: the file has changed. */
  readonly stamp: string;
}

/**
 * The recordings of a data folder, with what their users said of them. Each file is read once, in a thread of its own, and
 * again when it has changed; a list does not wait for those that have yet to be read (decision 0094).
 */
export class Library implements AsyncDisposable {
  readonly #options: LibraryOptions;
  /** Recordings that come from elsewhere. */
  readonly imports: RecordingImports;
  readonly #deleted: DeletedRecordings;
  readonly #known = new Map<string, Known>();
  #reading: Promise<void> | null = null;
  #waiting: Found[] = [];
  #closed = false;

  constructor(options: LibraryOptions) {
    this.#options = options;
    this.imports = new RecordingImports(join(options.dataFolder, libraryFolders.others), options.openToRead);
    this.#deleted = new DeletedRecordings(options.dataFolder, options.clock);
  }

  /** What is known so far. @throws RoundscopeError `path_unwritable`: a folder cannot be looked into */
  async list(): Promise<LibraryList> {
    await this.#deleted.tidy();
    const { found, left } = await this.#find();
    const written = await this.#options.written();
    const here = new Set(found.map(({ path }) => path));
    for (const path of this.#known.keys()) if (!here.has(path)) this.#known.delete(path);
    const unread = found.filter(({ path, stamp }) => {
      const isKnown = (written.get(path)?.run ?? null) !== null || this.#known.get(path)?.stamp === stamp;
      return !isKnown;
    });
    this.#read(unread);
    const recordings: LibraryRecording[] = [];
    const unreadable: UnreadableRecording[] = [];
    let reading = 0;
    for (const { path, sizeBytes, changedAt } of found) {
      // What is known of a file that has changed since serves until it is read again.
      const run = written.get(path)?.run ?? this.#known.get(path)?.run;
      if (run === undefined) reading++;
      else if ('code' in run) unreadable.push({ path, sizeBytes, changedAt, error: run });
      else {
        const { notes, fault } = await readNotes(path);
        recordings.push({
          ...run,
          path,
          sizeBytes,
          goesOn: written.get(path)?.goesOn ?? false,
          notes,
          notesFault: fault,
        });
      }
    }
    recordings.sort((a, b) => b.startedAt - a.startedAt || (a.path < b.path ? 1 : -1));
    return { recordings, unreadable, reading, left, deleted: this.#deleted.list() };
  }

  /** All of them, however long it takes. */
  async whole(): Promise<LibraryList> {
    for (;;) {
      const list = await this.list();
      if (this.#reading === null) return list;
      await this.#reading;
    }
  }

  /** @throws RoundscopeError `request_invalid`: it is none of the library's, or its notes cannot be read; `path_unwritable` */
  async annotate({ path, name, note, pinned }: RequestOf<'annotate_recording'>): Promise<void> {
    const recording = await this.member(path);
    const { notes, fault } = await readNotes(recording);
    if (fault !== null) throw refused(`${fault} Move that file away first.`);
    await writeNotes(recording, {
      name: name ?? notes.name,
      note: note ?? notes.note,
      pinned: pinned ?? notes.pinned,
    });
  }

  /** @throws RoundscopeError `request_invalid`; `recording_kept`: it is open for writing, or pinned; `path_unwritable` */
  async delete(path: string): Promise<DeletedRecording> {
    const recording = await this.member(path);
    const written = (await this.#options.written()).get(recording);
    if (written?.goesOn === true) throw kept('This recording is being written. End its run first.');
    if (written !== undefined) throw kept('The run of this recording has ended and is still open here.');
    const { notes, fault } = await readNotes(recording);
    if (notes.pinned) throw kept('This recording is pinned.');
    if (fault !== null) throw kept(`${fault} It may be pinned: move that file away first.`);
    const run = this.#known.get(recording)?.run;
    const name = run === undefined || 'code' in run ? basename(recording) : nameOf({ notes, name: run.name });
    const { size } = await stat(recording);
    return await this.#deleted.delete(recording, { name, sizeBytes: size });
  }

  /** @throws RoundscopeError `recording_gone`, `path_unwritable` */
  restore(id: string): Promise<string> {
    return this.#deleted.restore(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#waiting = [];
    this.#deleted[Symbol.dispose]();
    await this.imports[Symbol.asyncDispose]();
    await this.#reading;
  }

  /**
   * The file itself. A window may name any path, and changes nothing but recordings of the library.
   * @throws RoundscopeError `request_invalid`
   */
  async member(path: string): Promise<string> {
    const asked = resolve(path);
    const { dataFolder } = this.#options;
    const folders = Object.values(libraryFolders).map((folder) => resolve(dataFolder, folder));
    const isMember = folders.includes(dirname(asked)) && isRecordingName(asked) && (await isFile(asked));
    if (!isMember) throw refused(`${path} is no recording of this data folder.`);
    return asked;
  }

  #read(unread: readonly Found[]): void {
    if (unread.length === 0 || this.#closed) return;
    const waits = new Set(this.#waiting.map(({ path }) => path));
    this.#waiting.push(...unread.filter(({ path }) => !waits.has(path)));
    if (this.#reading !== null) return;
    this.#reading = this.#readWaiting().finally(() => {
      this.#reading = null;
    });
    spawn('reading the recordings of the data folder', this.#reading);
  }

  async #readWaiting(): Promise<void> {
    const thread = await ReadingThread.open(this.#options.entry, null);
    await using _thread = thread;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      this.#known.set(next.path, { stamp: next.stamp, run: await readOne(thread, next.path) });
  }

  async #find(): Promise<{ readonly found: readonly Found[]; readonly left: number }> {
    const names: string[] = [];
    for (const folder of Object.values(libraryFolders)) {
      const path = join(this.#options.dataFolder, folder);
      names.push(...(await namesIn(path)).filter(isRecordingName).map((name) => join(path, name)));
    }
    // Names of ours begin with the time at which a run began.
    names.sort((a, b) => (basename(a) < basename(b) ? 1 : -1));
    const kept = names.slice(0, limits.libraryRecordingsMax);
    const found: Found[] = [];
    for (const path of kept) {
      const one = await look(path);
      if (one !== null) found.push(one);
    }
    return { found, left: names.length - kept.length };
  }
}

async function readOne(thread: ReadingThread, path: string): Promise<Known['run']> {
  try {
    await thread.turnTo(path);
    const brief = await thread.ask('brief');
    return await readRecordedRun({ events: (query) => thread.ask('events', query) }, brief);
  } catch (error) {
    return toErrorReport(recorderError(error, path, 'reading'));
  }
}

/** Null: it has gone since its folder was listed, or is no file. */
async function look(path: string): Promise<Found | null> {
  const [file, wal] = filesOf(path);
  const [main, beside] = await Promise.all([statOf(file), statOf(wal)]);
  if (main === null || !main.isFile()) return null;
  return {
    path,
    sizeBytes: main.size + (beside?.size ?? 0),
    changedAt: Math.max(main.mtimeMs, beside?.mtimeMs ?? 0),
    stamp: [main.size, main.mtimeMs, beside?.size ?? 0, beside?.mtimeMs ?? 0].join(' '),
  };
}

async function isFile(path: string): Promise<boolean> {
  return (await statOf(path))?.isFile() ?? false;
}

async function statOf(path: string | undefined): Promise<Stats | null> {
  if (path === undefined) return null;
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw recorderError(error, path, 'looking at');
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw recorderError(error, folder, 'listing recordings in');
  }
}

function refused(message: string): RoundscopeError {
  return new RoundscopeError('request_invalid', { layer: 'service', message });
}

function kept(message: string): RoundscopeError {
  return new RoundscopeError('recording_kept', { layer: 'service', message });
}
