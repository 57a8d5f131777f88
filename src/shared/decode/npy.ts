import type { DType } from '../tensor/tensor.ts';
import { DecodeError, OutOfBytes, type ByteReader } from './byte-reader.ts';
import { foldElements, shapeOf, type TensorRow } from './tensor-table.ts';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const headerBytesMax = 64 * 1024;

/** Types as NumPy writes them, `<f4`: order of bytes, kind, bytes of one element. */
const kinds: Readonly<Record<string, DType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
};

export interface NumpyType {
  /** Null: elements that are no plain numbers, such as text or records. */
  readonly dtype: DType | null;
  readonly little: boolean;
  readonly elementBytes: number;
}

/** @throws DecodeError on Python objects, which only running code could make */
export function numpyType(descr: string): NumpyType {
  const found = /^([<>|=]?)([a-zA-Z])(\d{1,9})$/.exec(descr);
  if (found === null || found[2] === 'O')
    throw new DecodeError(`It holds ${JSON.stringify(descr.slice(0, 40))}, which is no array of numbers.`);
  const [, order, kind, size] = found;
  const dtype = Object.hasOwn(kinds, `${kind}${size}`) ? (kinds[`${kind}${size}`] as DType) : null;
  // Text has four bytes a letter.
  return { dtype, little: order !== '>', elementBytes: Number(size) * (kind === 'U' ? 4 : 1) };
}

export function looksLikeNpy(start: Uint8Array): boolean {
  return magic.every((byte, i) => start[i] === byte);
}

/** What stands before the elements of an array. */
export interface NpyHeader {
  readonly descr: string;
  readonly shape: readonly number[];
  /** The first side changes fastest. */
  readonly fortran: boolean;
}

/**
 * One array as `numpy.save` writes it.
 * @throws DecodeError
 */
export async function readNpy(reader: ByteReader, name: string): Promise<TensorRow> {
  const { descr, shape } = await readNpyHeader(reader, name);
  return await numpyRow(reader, { name, descr, shape });
}

/** @throws DecodeError */
export async function readNpyHeader(reader: ByteReader, name: string): Promise<NpyHeader> {
  const start = await reader.take(8);
  if (!looksLikeNpy(start))
    throw new DecodeError(`${name === '' ? 'It' : JSON.stringify(name)} is no array of NumPy's.`);
  const wide = (start[6] ?? 0) >= 2;
  const lengthBytes = await reader.take(wide ? 4 : 2);
  const view = new DataView(lengthBytes.buffer, lengthBytes.byteOffset, lengthBytes.byteLength);
  const length = wide ? view.getUint32(0, true) : view.getUint16(0, true);
  if (length > headerBytesMax) throw new DecodeError(`The header of the array claims ${length} bytes.`);
  const header = new TextDecoder('latin1').decode(await reader.take(length));
  const descr = /'descr'\s*:\s*'([^']{1,40})'/.exec(header)?.[1];
  const sides = /'shape'\s*:\s*\(([\d,\sL]{0,1000})\)/.exec(header)?.[1];
  if (descr === undefined || sides === undefined)
    throw new DecodeError('The header of the array is none that is read here.');
  const numbers = sides.split(',').map((side) => side.replace('L', '').trim());
  return {
    descr,
    shape: shapeOf(numbers.filter((side) => side !== '').map(Number), name),
    fortran: /'fortran_order'\s*:\s*True/.test(header),
  };
}

/** Reads the elements of an array whose description is known. */
export async function numpyRow(
  reader: ByteReader,
  { name, descr, shape }: { readonly name: string; readonly descr: string; readonly shape: readonly number[] },
): Promise<TensorRow> {
  const { dtype, little, elementBytes } = numpyType(descr);
  if (dtype !== null)
    return { name, dtype: dtype.toLowerCase(), shape, stats: await foldElements(reader, { dtype, shape, little }) };
  const bytes = shape.reduce((product, side) => product * side, elementBytes);
  if (!Number.isSafeInteger(bytes)) throw new DecodeError('The array is too large to be true.');
  try {
    await reader.skip(bytes);
  } catch (error) {
    if (!(error instanceof OutOfBytes)) throw error;
  }
  return { name, dtype: descr, shape, stats: null };
}
