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
  #file: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * What a former process left; null: nothing.
   * @param parse null for what is no record
   * @throws RoundscopeError `state_invalid` with the line at fault, `path_unwritable`
   */
  read(parse: (value: unknown) => T | null): JournalContent<T> | null {
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
    if (tornBytes > 0) truncateSync(this.#path, wholeBytes);
    return { records, tornBytes };
  }

  /** @throws RoundscopeError `disk_full`, `path_unwritable` */
  append(record: T): void {
    try {
      this.#file ??= openSync(this.#path, 'a', fileMode);
      writeFully(this.#file, Buffer.from(checkedLine(record), 'utf8'));
      fdatasyncSync(this.#file);
    } catch (error) {
      throw diskError(this.#path, error);
    }
  }

  /** Begins again with these records, which say all that the former ones said. */
  rewrite(records: readonly T[]): void {
    this[Symbol.dispose]();
    writeAtomicallySync(this.#path, records.map((record) => checkedLine(record)).join(''));
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
      if (size > limits.journalBytesMax)
        throw stateInvalid(this.#path, `is larger than ${limits.journalBytesMax} bytes`);
      return readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return null;
      throw diskError(this.#path, error);
    }
  }
}
