import { elementBytes, elementCount, type DType } from '../tensor/tensor.ts';
import { DecodeError, OutOfBytes, type ByteReader } from './byte-reader.ts';
import { ElementFold, type ElementStats } from './element-stats.ts';

/** One array of a body. */
export interface TensorRow {
  readonly name: string;
  /** As the format names it. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Null: not all of its bytes are there, or its elements are no plain numbers. */
  readonly stats: ElementStats | null;
}

/** Rows of a table at most; a body may list more. */
export const tensorsMax = 10_000;
export const rankMax = 32;
export const nameCharsMax = 1000;
/** What a compressed body may become, all that is in it together: a bomb is read in pieces, and still given up. */
export const inflatedBytesMax = 4 * 1024 * 1024 * 1024;

/** A shape as a body gives it. @throws DecodeError */
export function shapeOf(value: unknown, name: string): readonly number[] {
  const isShape =
    Array.isArray(value) &&
    value.length <= rankMax &&
    value.every((side) => Number.isSafeInteger(side) && (side as number) >= 0);
  if (!isShape) throw new DecodeError(`The shape of ${shown(name)} is none.`);
  const shape = value as readonly number[];
  if (!Number.isSafeInteger(elementCount(shape)))
    throw new DecodeError(`The shape of ${shown(name)} is too large to be true.`);
  return shape;
}

/** A name from outside in a sentence. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

/** Reads the elements; null when they are not all there. */
export async function foldElements(
  reader: ByteReader,
  {
    dtype,
    shape,
    little = true,
  }: { readonly dtype: DType; readonly shape: readonly number[]; readonly little?: boolean },
): Promise<ElementStats | null> {
  const fold = new ElementFold(dtype, { little });
  try {
    for await (const piece of reader.pieces(elementCount(shape) * elementBytes(dtype))) fold.add(piece);
    return fold.stats();
  } catch (error) {
    if (error instanceof OutOfBytes) return null;
    throw error;
  }
}
