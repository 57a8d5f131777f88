import type { EventData } from '#shared/contract/events.ts';
import { tensorsToldMax } from '#shared/contract/run/work-events.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import { tensorBytes } from '#shared/tensor/tensor.ts';

const nameCharsMax = 200;

/** The arrays of an update, for the user of this machine: what is in the bytes that leave it. `before` has the same layout. */
export function tensorsTold(
  before: ParameterSet,
  after: ParameterSet,
): Pick<EventData<'update_tensors'>, 'tensors' | 'more'> {
  const tensors = after.slice(0, tensorsToldMax).map((tensor, i) => {
    const { norm, stepNorm } = normsOf(tensor.data, before[i]?.data);
    const { dtype, shape } = tensor;
    return {
      name: tensor.name.slice(0, nameCharsMax),
      dtype,
      shape: [...shape],
      sizeBytes: tensorBytes(tensor),
      norm,
      stepNorm,
    };
  });
  return { tensors, more: after.length - tensors.length };
}

function normsOf(
  data: Float32Array,
  before: Float32Array | undefined,
): { readonly norm: number | null; readonly stepNorm: number | null } {
  let norm = 0;
  let step = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    norm += value * value;
    const difference = value - (before?.[i] ?? Number.NaN);
    step += difference * difference;
  }
  return { norm: finite(Math.sqrt(norm)), stepNorm: finite(Math.sqrt(step)) };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
