import { assert } from '../base/assert.ts';
import { err, ok, type Result } from '../base/result.ts';
import { elementCount, float32Tensor, isFloat32, sameShape, tensorBytes } from './tensor.ts';
import type { Float32Tensor, Tensor } from './tensor.ts';

/** The parameters of a model, in the order of its layers. Plain data, so that it survives structured clone. */
export type ParameterSet = readonly Float32Tensor[];

/** Name and shape of each parameter: what two sets must have in common before they may be averaged. */
export type ParameterLayout = readonly { readonly name: string; readonly shape: readonly number[] }[];

export function parameterCount(layout: ParameterLayout): number {
  let count = 0;
  for (const { shape } of layout) count += elementCount(shape);
  return count;
}

export function parameterBytes(set: readonly Tensor[]): number {
  let bytes = 0;
  for (const tensor of set) bytes += tensorBytes(tensor);
  return bytes;
}

/**
 * Checks tensors from outside against a layout: the same names, whatever their order, float32, the same shapes.
 * @returns the set in the order of the layout, or what differs in one sentence
 */
export function matchLayout(tensors: readonly Tensor[], layout: ParameterLayout): Result<ParameterSet, string> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  if (byName.size !== tensors.length) return err('two tensors have the same name');
  const matched: Float32Tensor[] = [];
  for (const { name, shape } of layout) {
    const tensor = byName.get(name);
    if (!tensor) return err(`tensor ${name} is missing`);
    if (!isFloat32(tensor)) return err(`tensor ${name} is ${tensor.dtype}, expected F32`);
    if (!sameShape(tensor.shape, shape)) {
      return err(`tensor ${name} has shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`);
    }
    if (tensor.data.length !== elementCount(shape)) return err(`tensor ${name} has ${tensor.data.length} elements`);
    matched.push(tensor);
    byName.delete(name);
  }
  for (const name of byName.keys()) return err(`tensor ${name} does not belong to the model`);
  return ok(matched);
}

/** All elements one after another, in a new array. */
export function flattenParameters(set: ParameterSet): Float32Array {
  const flat = new Float32Array(parameterCount(set));
  let offset = 0;
  for (const { data } of set) {
    flat.set(data, offset);
    offset += data.length;
  }
  return flat;
}

/** The inverse of `flattenParameters`: tensors that are views of `flat`, so a change of one shows in the other. */
export function viewParameters(layout: ParameterLayout, flat: Float32Array): ParameterSet {
  assert(flat.length === parameterCount(layout), `${flat.length} elements for ${parameterCount(layout)} parameters`);
  let offset = 0;
  return layout.map(({ name, shape }) => {
    const count = elementCount(shape);
    const view = flat.subarray(offset, offset + count);
    offset += count;
    return float32Tensor(name, shape, view);
  });
}

/** A copy that shares no memory with the original. */
export function copyParameters(set: ParameterSet): ParameterSet {
  return set.map(({ name, shape, data }) => float32Tensor(name, shape, data.slice()));
}

/** Euclidean norm of `after - before`, accumulated in float64; the sets have the same layout. */
export function updateNorm(before: ParameterSet, after: ParameterSet): number {
  assert(before.length === after.length, 'parameter sets of different models');
  let sum = 0;
  for (const [i, { data }] of before.entries()) {
    const other = after[i]?.data;
    assert(other?.length === data.length, 'parameter sets of different models');
    for (let j = 0; j < data.length; j++) {
      const difference = (other[j] as number) - (data[j] as number);
      sum += difference * difference;
    }
  }
  return Math.sqrt(sum);
}
