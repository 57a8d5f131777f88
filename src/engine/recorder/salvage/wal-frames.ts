import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** sqlite.org/fileformat2.html, 4.1 and 4.2: a header, then pages with a small header each. */
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
const magicLittle = 0x377f0682;
const magicBig = 0x377f0683;

/** Pages in a write-ahead log, those of whole transactions and no others. */
export interface WalFrames extends Disposable {
  /** Pages of the database after its last transaction. */
  readonly pages: number;
  /** Reads the beginning of a page into a buffer; undefined: the log has not this page. */
  read(page: number, into: Buffer): number | undefined;
}

/** Null: it is empty, or none. @throws the system's error */
export function readWal(path: string): WalFrames | null {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(walHeaderBytes);
    const whole = readSync(file, header, 0, walHeaderBytes, 0) === walHeaderBytes;
    const magic = whole ? header.readUInt32BE(0) : 0;
    if (magic === magicLittle || magic === magicBig) return committedFrames(file, header);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
  return null;
}

function committedFrames(file: number, header: Buffer): WalFrames {
  const pageSize = header.readUInt32BE(8);
  const places = new Map<number, number>();
  let pages = 0;
  const { size } = fstatSync(file);
  const sum = new Checksum(header.readUInt32BE(0) === magicBig);
  sum.add(header.subarray(0, 24));
  if (pageSize >= 512 && pageSize <= 65_536 && sum.isAt(header, 24)) {
    const frame = Buffer.alloc(frameHeaderBytes + pageSize);
    /** Of the transaction that has yet to end. */
    const open = new Map<number, number>();
    for (let at = walHeaderBytes; at + frame.length <= size; at += frame.length) {
      if (readSync(file, frame, 0, frame.length, at) < frame.length) break;
      // Of an earlier round of the log, which is written over from its beginning.
      if (frame.compare(header, 16, 24, 8, 16) !== 0) break;
      sum.add(frame.subarray(0, 8));
      sum.add(frame.subarray(frameHeaderBytes));
      if (!sum.isAt(frame, 16)) break;
      open.set(frame.readUInt32BE(0), at + frameHeaderBytes);
      const pagesThen = frame.readUInt32BE(4);
      if (pagesThen === 0) continue;
      pages = pagesThen;
      for (const [page, place] of open) places.set(page, place);
      open.clear();
    }
  }
  return {
    pages,
    read: (page, into) => {
      const place = places.get(page);
      return place === undefined ? undefined : readSync(file, into, 0, into.length, place);
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

/** Of the format's own kind: two sums, each of which goes into the other. */
class Checksum {
  readonly #big: boolean;
  #a = 0;
  #b = 0;

  constructor(big: boolean) {
    this.#big = big;
  }

  add(bytes: Buffer): void {
    for (let i = 0; i + 8 <= bytes.length; i += 8) {
      this.#a = (this.#a + this.#word(bytes, i) + this.#b) >>> 0;
      this.#b = (this.#b + this.#word(bytes, i + 4) + this.#a) >>> 0;
    }
  }

  isAt(bytes: Buffer, place: number): boolean {
    return bytes.readUInt32BE(place) === this.#a && bytes.readUInt32BE(place + 4) === this.#b;
  }

  #word(bytes: Buffer, place: number): number {
    return this.#big ? bytes.readUInt32BE(place) : bytes.readUInt32LE(place);
  }
}
