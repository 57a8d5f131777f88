import { dataError } from '#engine/trainer/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { type ByteReader, DecodeError, OutOfBytes } from '#shared/decode/byte-reader.ts';
import { elementReaders } from '#shared/decode/element-stats.ts';
import { numpyType, readNpyHeader } from '#shared/decode/npy.ts';
import type { DType } from '#shared/tensor/tensor.ts';

/** An array of NumPy in memory, as it lies in the file. */
export interface NpyArray {
  /** For messages: the file, and the array in it. */
  readonly where: string;
  readonly shape: readonly number[];
  /** Null: text. */
  readonly dtype: DType | null;
  /** As NumPy writes types: `<U12`. */
  readonly descr: string;
  readonly little: boolean;
  readonly elementBytes: number;
  readonly data: Uint8Array;
}

/**
 * Reads one array; nothing of it is ever run: arrays of Python objects are refused. The claimed size is checked against the
 * limits and against what the file could hold before memory is taken.
 * @param contentBytesMax more bytes the source cannot have
 * @throws RoundscopeError `data_invalid`, `data_too_large`
 */
export async function readNpyArray(reader: ByteReader, where: string, contentBytesMax: number): Promise<NpyArray> {
  try {
    const { descr, shape, fortran } = await readNpyHeader(reader, '');
    const { dtype, little, elementBytes } = numpyType(descr);
    if (dtype === null && !isText(descr))
      throw invalid(where, `holds elements of type ${descr}, no numbers and no text`);
    if (fortran && shape.filter((side) => side > 1).length > 1)
      throw invalid(where, 'is stored by columns (Fortran order). Save it with numpy.ascontiguousarray around it');
    const bytes = shape.reduce((product, side) => product * side, elementBytes);
    if (bytes > limits.datasetBytesMax || (shape[0] ?? 0) > limits.datasetExamplesMax)
      throw dataError(
        'data_too_large',
        `${where} claims ${shape.join(' x ')} elements of ${descr}, more than Roundscope loads.`,
        {
          context: { bytes },
        },
      );
    if (bytes > contentBytesMax) throw invalid(where, 'is shorter than its header says');
    const data = new Uint8Array(bytes);
    let at = 0;
    for await (const piece of reader.pieces(bytes)) {
      data.set(piece, at);
      at += piece.length;
    }
    if ((await reader.peek(1)).length > 0) throw invalid(where, 'is longer than its header says');
    return { where, shape, dtype, descr, little, elementBytes, data };
  } catch (error) {
    if (error instanceof OutOfBytes) throw invalid(where, 'is shorter than its header says', error);
    if (error instanceof DecodeError)
      throw dataError('data_invalid', `${where}: ${sentence(error.message)}`, { cause: error });
    throw error;
  }
}

/** An element as a number; NaN for text. */
export function numberReader({ data, dtype, little, elementBytes }: NpyArray): (index: number) => number {
  if (dtype === null) return () => Number.NaN;
  if (dtype === 'U8' || dtype === 'BOOL') return (index) => data[index] as number;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = elementReaders[dtype];
  return (index) => read(view, index * elementBytes, little);
}

function isText(descr: string): boolean {
  return /^[<>|=]?[US]\d+$/.test(descr);
}

/** Texts of an array of text (`U`: four bytes a letter, `S`: one), without the zeros behind them. */
export function textsOf({ data, descr, little, elementBytes }: NpyArray): string[] {
  const wide = descr.includes('U');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const texts: string[] = [];
  for (let from = 0; elementBytes > 0 && from < data.length; from += elementBytes) {
    let text = '';
    for (let at = from; at < from + elementBytes; at += wide ? 4 : 1) {
      const sign = wide ? view.getUint32(at, little) : view.getUint8(at);
      if (sign === 0) break;
      text += sign > 0x10_ff_ff ? '\ufffd' : String.fromCodePoint(sign);
    }
    texts.push(text);
  }
  return texts;
}

function invalid(where: string, what: string, cause?: unknown): Error {
  return dataError('data_invalid', `${where} ${what}.`, cause === undefined ? {} : { cause });
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
