import type { ParameterLayout } from '#shared/tensor/parameter-set.ts';
import { matchLayout } from '#shared/tensor/parameter-set.ts';
import type { Tensor } from '#shared/tensor/tensor.ts';
import type { UpdateFinding } from '../coordinator/state.ts';

/** Elements looked at between two yields: about a millisecond. */
const sliceElements = 1 << 20;
/** No model that trains has parameters of this size; the next training step would overflow. */
export const parameterMax = 1e6;

/**
 * Whether tensors from a participant may be averaged: the model's names, shapes and type, every element finite and no
 * larger than `parameterMax` either way.
 * @param yieldToEventLoop lets the event loop serve others; a large model takes a while to look at
 */
export async function validateUpdate(
  tensors: readonly Tensor[],
  layout: ParameterLayout,
  yieldToEventLoop: () => Promise<void>,
): Promise<UpdateFinding> {
  const matched = matchLayout(tensors, layout);
  if (!matched.ok)
    return { ok: false, code: 'update_wrong_shape', reason: `the update does not fit the model: ${matched.error}` };
  let sinceYield = 0;
  for (const { name, data } of matched.value) {
    for (let start = 0; start < data.length; start += sliceElements) {
      const end = Math.min(data.length, start + sliceElements);
      const bad = firstUnfit(data, start, end);
      if (bad >= 0) return refusal(data[bad] as number, `element ${bad} of tensor ${name}`);
      sinceYield += end - start;
      if (sinceYield >= sliceElements) {
        sinceYield = 0;
        await yieldToEventLoop();
      }
    }
  }
  return { ok: true, parameters: matched.value };
}

function firstUnfit(data: Float32Array, start: number, end: number): number {
  // NaN is neither.
  for (let i = start; i < end; i++) {
    const value = data[i] as number;
    if (!(value <= parameterMax && value >= -parameterMax)) return i;
  }
  return -1;
}

function refusal(value: number, where: string): UpdateFinding {
  if (!Number.isFinite(value)) return { ok: false, code: 'update_not_finite', reason: `${where} is ${value}` };
  const reason = `${where} is ${value.toPrecision(3)}, beyond ${parameterMax.toExponential(0)}: the training has diverged`;
  return { ok: false, code: 'update_exploded', reason };
}
