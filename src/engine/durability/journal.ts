import { closeSync, fdatasyncSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { limits } from '#shared/contract/limits.ts';
import { fileMode, writeAtomicallySync, writeFully } from './atomic-file.ts';
import { checkedLine, readCheckedLine } from './checked-line.ts';
import { diskError, isMissing, stateInvalid } from './disk-errors.ts';

export interface JournalContent<T> {
  readonly records: readonly T[];
  /** Bytes at the end that were only half written when the process died; they are cut off. */
  readonly tornBytes: number;
}

/**
 * Records in a file, each on disk when `append` returns. A record that was being written when the process died is cut off
 * at the next start, since nothing that follows from it has been made known; damage before the end is an error.
 */
export class Journal<T> implements Disposable {
  readonly #path: string;
  readonly #bytesMax: number;
  #file: number | null = null;
  /** What it has, and what it had when it was last begun or read. */
  #bytes = 0;
  #begunBytes = 0;

  constructor(path: string, { bytesMax = limits.journalBytesMax }: { readonly bytesMax?: number } = {}) {
    this.#path = path;
    this.#bytesMax = bytesMax;
  }

  /**
   * It has grown so much that its records are better said again: what is written twice for it is no more than what was
   * appended, and it never has more than it began with and as much again, or a mebibyte.
   */
  get isLong(): boolean {
    const room = Math.max(limits.journalGrowthBytes, this.#begunBytes);
    return this.#bytes > Math.min(this.#begunBytes + room, this.#bytesMax);
  }

  /**
   * What a former process left; null: nothing. What was half written is cut off.
   * @param parse null for what is no record
   * @throws RoundscopeError `state_invalid` with the line at fault, `path_unwritable`
   */
  read(parse: (value: unknown) => T | null): JournalContent<T> | null {
    const found = this.look(parse);
    if (found === null) return null;
    const { wholeBytes, tornBytes } = found;
    if (tornBytes > 0) truncateSync(this.#path, wholeBytes);
    this.#bytes = this.#begunBytes = wholeBytes;
    return found;
  }

  /** The same, of a journal that may be another process's: it is left as it is. */
  look(parse: (value: unknown) => T | null): (JournalContent<T> & { readonly wholeBytes: number }) | null {
    const text = this.#text();
    if (text === null) return null;
    if (text === '') throw stateInvalid(this.#path, 'was given up when its run could no longer be kept on disk');
    const lines = text.split('\n');
    const values = lines.map((line) => (line === '' ? undefined : readCheckedLine(line)));
    // A line is whole with its line feed, so the last piece is none.
    values[lines.length - 1] = undefined;
    const whole = values.findIndex((value) => value === undefined);
    if (values.slice(whole).some((value) => value !== undefined))
      throw stateInvalid(this.#path, `is damaged in line ${whole + 1}`);
    const records = values.slice(0, whole).map((value, index) => {
      const record = parse(value);
      if (record === null) throw stateInvalid(this.#path, `has no record of this version in line ${index + 1}`);
      return record;
    });
    if (records.length === 0) throw stateInvalid(this.#path, 'has no whole record');
    const wholeBytes = Buffer.byteLength(lines.slice(0, whole).join('\n')) + 1;
    const tornBytes = Buffer.byteLength(text) - wholeBytes;
    return { records, tornBytes, wholeBytes };
  }

  /** @throws RoundscopeError `disk_full`, `path_unwritable`, `state_invalid` when it would be longer than what is read again */
  append(record: T): void {
    const line = Buffer.from(checkedLine(record), 'utf8');
    this.#requireRoom(this.#bytes + line.byteLength);
    try {
      this.#file ??= openSync(this.#path, 'a', fileMode);
      writeFully(this.#file, line);
      fdatasyncSync(this.#file);
      this.#bytes += line.byteLength;
    } catch (error) {
      throw diskError(this.#path, error);
    }
  }

  /** Begins again with these records, which say all that the former ones said. @throws as `append` */
  rewrite(records: readonly T[]): void {
    const text = records.map((record) => checkedLine(record)).join('');
    const bytes = Buffer.byteLength(text);
    this.#requireRoom(bytes);
    this[Symbol.dispose]();
    writeAtomicallySync(this.#path, text);
    this.#bytes = this.#begunBytes = bytes;
  }

  /** A restart refuses what is longer, and would find that out when nobody can do anything about it. */
  #requireRoom(bytes: number): void {
    if (bytes > this.#bytesMax) throw stateInvalid(this.#path, `would be larger than ${this.#bytesMax} bytes`);
  }

  /** It no longer tells how things stand: empties it, which also works on a full disk, so that nobody takes it for the truth. */
  giveUp(): void {
    this[Symbol.dispose]();
    try {
      truncateSync(this.#path, 0);
    } catch (error) {
      // Not even made yet, or on a disk that is gone: then nobody finds it either.
      if (!isMissing(error)) return;
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #text(): string | null {
    try {
      const { size } = statSync(this.#path);
      if (size > this.#bytesMax) throw stateInvalid(this.#path, `is larger than ${this.#bytesMax} bytes`);
      return readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return null;
      throw diskError(this.#path, error);
    }
  }
}
