import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { applicationId } from '../schema.ts';
import { readWal, type WalFrames } from './wal-frames.ts';

/** sqlite.org/fileformat2.html, 1.3: the header of a database file. */
const headerBytes = 100;
const magic = 'SQLite format 3\u0000';
const offsets = {
  pageSize: 16,
  readVersion: 19,
  reserved: 20,
  pages: 28,
  freeList: 32,
  encoding: 56,
  version: 60,
  application: 68,
};
const walReadVersion = 2;
const utf8 = 1;

export interface FileHeader {
  readonly pageSize: number;
  /** Of a page, less what an extension keeps at its end. */
  readonly usableSize: number;
  /** Pages that the file should have. */
  readonly pages: number;
  readonly firstFreeTrunk: number;
  /** Version of the recording format. */
  readonly version: number;
  /** Rows may lie in a companion beside it. */
  readonly usesWal: boolean;
}

/** The header of one of our recordings; null: it is none, or too short to be known as one. */
export function recordingHeader(bytes: Buffer): FileHeader | null {
  if (bytes.length < headerBytes || bytes.toString('latin1', 0, 16) !== magic) return null;
  const stored = bytes.readUInt16BE(offsets.pageSize);
  const pageSize = stored === 1 ? 65_536 : stored;
  const isPower = pageSize >= 512 && (pageSize & (pageSize - 1)) === 0;
  const usableSize = pageSize - bytes.readUInt8(offsets.reserved);
  if (!isPower || usableSize < 480) return null;
  if (bytes.readUInt32BE(offsets.application) !== applicationId) return null;
  if (bytes.readUInt32BE(offsets.encoding) !== utf8) return null;
  return {
    pageSize,
    usableSize,
    pages: bytes.readUInt32BE(offsets.pages),
    firstFreeTrunk: bytes.readUInt32BE(offsets.freeList),
    version: bytes.readUInt32BE(offsets.version),
    usesWal: bytes.readUInt8(offsets.readVersion) === walReadVersion,
  };
}

/** Whether a recording is shorter than it says, with no companion that could have the rest. */
export function isCut(path: string): boolean {
  try {
    using source = PageSource.open(path);
    return source !== null && !source.hasCompanion && source.presentBytes < source.expectedBytes;
  } catch {
    // Whoever opens it says why it cannot be read.
    return false;
  }
}

/** The pages of a recording as far as they are there, those of its companion first. Never writes. */
export class PageSource implements Disposable {
  readonly #file: number;
  readonly #sizeBytes: number;
  readonly #wal: WalFrames | null;
  readonly header: FileHeader;

  /** Null: it is no recording of ours. @throws the system's error */
  static open(path: string): PageSource | null {
    const file = openSync(path, 'r');
    let wal: WalFrames | null = null;
    try {
      const { size } = fstatSync(file);
      wal = openWal(path);
      const first = Buffer.alloc(headerBytes);
      const read = wal?.read(1, first) ?? readSync(file, first, 0, headerBytes, 0);
      const header = recordingHeader(first.subarray(0, read));
      if (header !== null) return new PageSource(file, size, wal, header);
    } catch (error) {
      closeAll(file, wal);
      throw error;
    }
    closeAll(file, wal);
    return null;
  }

  private constructor(file: number, sizeBytes: number, wal: WalFrames | null, header: FileHeader) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
    this.#wal = wal;
    this.header = header;
  }

  /** Pages that it should have; with its companion it may have more than its own header says. */
  get pages(): number {
    return Math.max(this.header.pages, this.#wal?.pages ?? 0);
  }

  /** Bytes that it should have, and those that are there. */
  get expectedBytes(): number {
    return this.header.pages * this.header.pageSize;
  }
  get presentBytes(): number {
    return this.#sizeBytes;
  }

  get hasCompanion(): boolean {
    return this.#wal !== null;
  }

  /** A page, from 1; null: it is not there, or not whole. */
  page(number: number): Buffer | null {
    const { pageSize } = this.header;
    if (number < 1 || number > this.pages) return null;
    const bytes = Buffer.alloc(pageSize);
    if (this.#wal?.read(number, bytes) === pageSize) return bytes;
    const read = readSync(this.#file, bytes, 0, pageSize, (number - 1) * pageSize);
    return read === pageSize ? bytes : null;
  }

  [Symbol.dispose](): void {
    closeAll(this.#file, this.#wal);
  }
}

function openWal(path: string): WalFrames | null {
  try {
    return readWal(`${path}-wal`);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function closeAll(file: number, wal: WalFrames | null): void {
  closeSync(file);
  wal?.[Symbol.dispose]();
}

function isMissing(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'ENOENT';
}
