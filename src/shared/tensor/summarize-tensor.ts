import { tensorBytes } from './tensor.ts';
import type { DType, Tensor } from './tensor.ts';

/** What a tensor looks like at a glance. `min`, `mean` and `max` are of its finite elements, null when it has none. */
export interface TensorSummary {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly sizeBytes: number;
  readonly elements: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  readonly nanCount: number;
  readonly infCount: number;
}

/** One pass over the elements; 64-bit integers beyond 2^53 lose their last digits, which a summary can bear. */
export function summarizeTensor(tensor: Tensor): TensorSummary {
  const { name, dtype, shape, data } = tensor;
  const half = dtype === 'F16' ? halfToNumber : dtype === 'BF16' ? bfloat16ToNumber : undefined;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let nanCount = 0;
  let infCount = 0;
  for (let i = 0; i < data.length; i++) {
    const raw = data[i] as number | bigint;
    const value = half ? half(raw as number) : Number(raw);
    if (Number.isNaN(value)) nanCount++;
    else if (!Number.isFinite(value)) infCount++;
    else {
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const finite = data.length - nanCount - infCount;
  return {
    name,
    dtype,
    shape,
    sizeBytes: tensorBytes(tensor),
    elements: data.length,
    min: finite > 0 ? min : null,
    mean: finite > 0 ? sum / finite : null,
    max: finite > 0 ? max : null,
    nanCount,
    infCount,
  };
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a binary32. */
function bfloat16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 7) & 0xff;
  const fraction = bits & 0x7f;
  if (exponent === 0) return sign * fraction * 2 ** -133;
  if (exponent === 0xff) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 128) * 2 ** (exponent - 127);
}
