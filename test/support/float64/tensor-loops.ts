import { elementCount } from '#shared/tensor/tensor.ts';
import { forEachPosition, stridesOf } from '#engine/trainer/operators/value.ts';

/** Elements in float64, for reference results in tests: plain loops, as slow as they are obvious. */
export interface Tensor64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function tensor64(shape: readonly number[], at: (position: readonly number[]) => number): Tensor64 {
  const data = new Float64Array(elementCount(shape));
  forEachPosition(shape, (position, flat) => (data[flat] = at(position)));
  return { shape, data };
}

/** The element at a position; 0 outside. */
export function at({ shape, data }: Tensor64, position: readonly number[]): number {
  const strides = stridesOf(shape);
  let flat = 0;
  for (const [axis, stride] of strides.entries()) {
    const place = position[axis] as number;
    if (place < 0 || place >= (shape[axis] as number)) return 0;
    flat += place * stride;
  }
  return data[flat] as number;
}

export function positions(shape: readonly number[]): number[][] {
  const all: number[][] = [];
  forEachPosition(shape, (position) => all.push([...position]));
  return all;
}

export function sumOver(shape: readonly number[], term: (position: readonly number[]) => number): number {
  let total = 0;
  forEachPosition(shape, (position) => (total += term(position)));
  return total;
}

/**
 * The error function to 1e-15 or so: its series (DLMF 7.6.1) near zero, its continued fraction (DLMF 7.9.1) beyond.
 */
export function erf(x: number): number {
  const square = x * x;
  if (Math.abs(x) < 2.5) {
    let [term, total] = [x, x];
    for (let n = 1; n < 100; n++) {
      term *= -square / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let n = 100; n > 0; n--) fraction = n / 2 / (Math.abs(x) + fraction);
  return Math.sign(x) * (1 - Math.exp(-square) / Math.sqrt(Math.PI) / (Math.abs(x) + fraction));
}
