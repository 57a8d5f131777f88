import { AssertionError } from '../base/assert.ts';
import { formatBytes } from '../base/bytes.ts';
import { ByteReader, DecodeError, OutOfBytes, type ByteSource } from './byte-reader.ts';
import { readNpy } from './npy.ts';
import { inflatedBytesMax, nameCharsMax, tensorsMax, type TensorRow } from './tensor-table.ts';

/** Undoes a compression; null: this program cannot here. */
export type Inflate = (method: 'gzip' | 'zstd' | 'deflate-raw', source: ByteSource) => ByteSource | null;

export const zipFileSignature = 0x0403_4b50;
const zip64 = 0xffff_ffff;

export function looksLikeZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

/**
 * Arrays of `numpy.savez` and `numpy.savez_compressed`, file by file as they come: the list at the end of the archive is not
 * needed.
 * @throws DecodeError
 */
export async function readNpz(reader: ByteReader, inflate: Inflate): Promise<readonly TensorRow[]> {
  const tensors: TensorRow[] = [];
  const bounded = inflatedInAll(inflate);
  for (;;) {
    const signature = await reader.peek(4);
    if (signature.length < 4 || viewOf(signature).getUint32(0, true) !== zipFileSignature) return tensors;
    if (tensors.length >= tensorsMax) throw new DecodeError(`It holds more than ${tensorsMax} files.`);
    const row = await readFile(reader, bounded);
    if (row === null) return tensors;
    tensors.push(row);
  }
}

/** A thousand files may each become a thousand times as long: what all of them become has a bound. */
function inflatedInAll(inflate: Inflate): Inflate {
  let bytes = 0;
  return (method, source) => {
    const inner = inflate(method, source);
    return inner === null ? null : counted(inner);
  };
  async function* counted(source: ByteSource): AsyncGenerator<Uint8Array, undefined> {
    for await (const piece of source) {
      bytes += piece.length;
      if (bytes > inflatedBytesMax) throw new DecodeError(`It becomes more than ${formatBytes(inflatedBytesMax)}.`);
      yield piece;
    }
  }
}

/** Null: the rest was not kept. */
async function readFile(reader: ByteReader, inflate: Inflate): Promise<TensorRow | null> {
  const file = await readZipFile(reader);
  if (!file.name.endsWith('.npy')) throw new DecodeError(`It holds ${JSON.stringify(file.name)}, which is no array.`);
  const name = file.name.slice(0, -4);
  const source = reader.pieces(file.bytes);
  const content = file.method === 0 ? source : file.method === 8 ? inflate('deflate-raw', source) : null;
  if (content === null)
    throw new DecodeError(`${JSON.stringify(file.name)} is compressed in a way that is not read here.`);
  const inner = new ByteReader(content);
  try {
    const row = await readNpy(inner, name);
    // The array may be shorter than its file: what follows belongs to it.
    for await (const _ of inner.rest());
    return row;
  } catch (error) {
    if (error instanceof OutOfBytes) return null;
    // What undoes the compression has errors of its own.
    if (error instanceof DecodeError || error instanceof AssertionError || file.method === 0) throw error;
    throw new DecodeError(`The compression of ${JSON.stringify(file.name)} is broken.`);
  }
}

/** A file of an archive; its content follows. */
export interface ZipFile {
  readonly name: string;
  /** 0: as it is, 8: deflate. */
  readonly method: number;
  /** In the archive. */
  readonly bytes: number;
}

/** @throws DecodeError */
export async function readZipFile(reader: ByteReader): Promise<ZipFile> {
  const head = viewOf(await reader.take(30));
  const nameBytes = head.getUint16(26, true);
  const name = new TextDecoder().decode(await reader.take(nameBytes));
  const extra = await reader.take(head.getUint16(28, true));
  if (name.length > nameCharsMax) throw new DecodeError(`The name of a file in it has ${name.length} characters.`);
  if ((head.getUint16(6, true) & 1) !== 0) throw new DecodeError('It is encrypted.');
  const bytes = head.getUint32(18, true) === zip64 ? longSize(extra) : head.getUint32(18, true);
  // Sizes behind the file would mean to search for its end.
  if ((head.getUint16(6, true) & 8) !== 0 && bytes === 0)
    throw new DecodeError(`The archive does not say how long ${JSON.stringify(name)} is.`);
  return { name, method: head.getUint16(8, true), bytes };
}

/** The compressed size, second of the two in the extra field of a large file. */
function longSize(extra: Uint8Array): number {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1 || at + 20 > extra.length) continue;
    const bytes = view.getBigUint64(at + 12, true);
    if (bytes <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(bytes);
  }
  throw new DecodeError('The archive does not say how long a file in it is.');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
