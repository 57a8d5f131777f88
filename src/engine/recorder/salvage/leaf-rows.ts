import { limits } from '#shared/contract/limits.ts';
import type { PageSource } from './page-source.ts';

export type Value = number | string | Uint8Array | null;

export interface FoundRow {
  readonly id: number;
  readonly values: readonly Value[];
}

/** sqlite.org/fileformat2.html, 1.6: a leaf of a table. */
const leafOfTable = 0x0d;
const leafHeaderBytes = 8;
const fileHeaderBytes = 100;
/** More than the columns of any table of ours. */
const columnsMax = 64;

/**
 * The rows of a page, where it is a leaf of a table: no tree leads to it, so that it does not matter which other pages are
 * there. What cannot be read of it, such as a row whose rest lies on a page that is missing, is null.
 */
export function* rowsOfLeaf(source: PageSource, number: number): Generator<FoundRow | null> {
  const page = source.page(number);
  const start = number === 1 ? fileHeaderBytes : 0;
  if (page?.[start] !== leafOfTable) return;
  const cells = page.readUInt16BE(start + 3);
  // Damaged, or no page of a table in truth.
  if (start + leafHeaderBytes + 2 * cells > page.length) return;
  for (let i = 0; i < cells; i++) yield rowAt(source, page, page.readUInt16BE(start + leafHeaderBytes + 2 * i));
}

function rowAt(source: PageSource, page: Buffer, at: number): FoundRow | null {
  try {
    const cell = new Cursor(page, at);
    const payloadBytes = cell.varint();
    const id = cell.varint();
    if (payloadBytes > limits.recordedValueBytesMax) return null;
    const payload = payloadAt(source, page, cell.at, payloadBytes);
    return payload === null ? null : { id, values: valuesOf(payload) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What a cell has no room for lies on pages of its own, each of which names the next. */
function payloadAt(source: PageSource, page: Buffer, at: number, bytes: number): Buffer | null {
  const usable = source.header.usableSize;
  const here = bytesInCell(usable, bytes);
  if (at + here > page.length) return null;
  if (here === bytes) return page.subarray(at, at + bytes);
  const payload = Buffer.alloc(bytes);
  page.copy(payload, 0, at, at + here);
  let next = page.readUInt32BE(at + here);
  for (let filled = here; filled < bytes;) {
    const more = source.page(next);
    if (more === null) return null;
    filled += more.copy(payload, filled, 4, Math.min(usable, 4 + bytes - filled));
    next = more.readUInt32BE(0);
  }
  return payload;
}

function bytesInCell(usable: number, bytes: number): number {
  const most = usable - 35;
  if (bytes <= most) return bytes;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const even = least + ((bytes - least) % (usable - 4));
  return even <= most ? even : least;
}

/** A record: the kinds of its values, then the values. */
function valuesOf(record: Buffer): readonly Value[] {
  const head = new Cursor(record, 0);
  const headBytes = head.varint();
  const kinds: number[] = [];
  while (head.at < headBytes) {
    if (kinds.length === columnsMax) throw new RangeError('more columns than any table has');
    kinds.push(head.varint());
  }
  const body = new Cursor(record, headBytes);
  return kinds.map((kind) => body.value(kind));
}

/** Widths of whole numbers by their kind. */
const integerBytes: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 6 };

/** Reads on from a place. @throws RangeError beyond the end, and for numbers that are none of ours */
class Cursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let i = 0; i < 9; i++) {
      const byte = this.#bytes.readUInt8(this.at++);
      value = i === 8 ? value * 256 + byte : value * 128 + (byte & 0x7f);
      if (!Number.isSafeInteger(value)) throw new RangeError('a number that no recorder writes');
      if (byte < 0x80) break;
    }
    return value;
  }

  value(kind: number): Value {
    if (kind === 0) return null;
    if (kind === 8 || kind === 9) return kind - 8;
    if (kind === 7) return this.#take(8).readDoubleBE(0);
    if (kind === 6) {
      const value = Number(this.#take(8).readBigInt64BE(0));
      if (!Number.isSafeInteger(value)) throw new RangeError('a number that no recorder writes');
      return value;
    }
    const width = integerBytes[kind];
    if (width !== undefined) return this.#take(width).readIntBE(0, width);
    if (kind < 12) throw new RangeError('a kind of value that there is not');
    const bytes = this.#take(Math.floor((kind - 12) / 2));
    return kind % 2 === 0 ? new Uint8Array(bytes) : bytes.toString('utf8');
  }

  #take(bytes: number): Buffer {
    const end = this.at + bytes;
    if (end > this.#bytes.length) throw new RangeError('beyond the end of a record');
    const taken = this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}
