import { assert } from '../base/assert.ts';

/** Element types of a tensor, named as safetensors names them. */
export const dtypes = [
  'F64',
  'F32',
  'F16',
  'BF16',
  'I64',
  'I32',
  'I16',
  'I8',
  'U64',
  'U32',
  'U16',
  'U8',
  'BOOL',
] as const;
export type DType = (typeof dtypes)[number];

/** Elements as they lie in memory; half-precision types keep their raw 16 bits, booleans are bytes. */
export type TensorData =
  | Float64Array
  | Float32Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | BigUint64Array
  | Uint32Array
  | Uint8Array;

/** A named array. `data.length` is the product of `shape`; a scalar has the shape []. */
export interface Tensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** A tensor whose elements are float32: the only kind that this project trains and averages. */
export interface Float32Tensor extends Tensor {
  readonly dtype: 'F32';
  readonly data: Float32Array;
}

const bytesOf: Readonly<Record<DType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** Bytes of one element. */
export function elementBytes(dtype: DType): number {
  return bytesOf[dtype];
}

/** Number of elements of a shape; 1 for a scalar. Exact while below 2^53, beyond it a caller's limit has long failed. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  return count;
}

/** Bytes of the elements, without name or header. */
export function tensorBytes(tensor: Pick<Tensor, 'dtype' | 'shape'>): number {
  return elementCount(tensor.shape) * elementBytes(tensor.dtype);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}

/** Makes a float32 tensor; unequal length and shape is our own mistake, since decoders check before they build. */
export function float32Tensor(name: string, shape: readonly number[], data: Float32Array): Float32Tensor {
  assert(
    data.length === elementCount(shape),
    `tensor ${name}: ${data.length} elements for shape [${shape.join(', ')}]`,
  );
  return { name, dtype: 'F32', shape, data };
}

export function isFloat32(tensor: Tensor): tensor is Float32Tensor {
  return tensor.dtype === 'F32' && tensor.data instanceof Float32Array;
}
