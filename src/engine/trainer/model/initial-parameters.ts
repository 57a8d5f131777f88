import type { Random } from '#shared/base/random.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import { elementCount, float32Tensor } from '#shared/tensor/tensor.ts';
import type { ModelPlan } from './model-plan.ts';

/** With the last layer at full scale, Adam at 1e-3 makes the loss jump in its first steps (measured). */
const lastLayerScale = 0.1;

/**
 * Kernels normal with variance 2 / inputs (He et al. 2015, arXiv:1502.01852, equation 10), biases zero. Each tensor
 * draws from a stream of its own name, so adding a layer does not change those before it.
 */
export function initialParameters(plan: ModelPlan, random: Random): ParameterSet {
  const lastKernel = plan.layout.at(-2)?.name;
  return plan.layout.map(({ name, shape }) => {
    const data = new Float32Array(elementCount(shape));
    if (shape.length > 1) {
      const deviation = Math.sqrt(2 / elementCount(shape.slice(1))) * (name === lastKernel ? lastLayerScale : 1);
      const stream = random.fork(name);
      for (let i = 0; i < data.length; i++) data[i] = stream.normal() * deviation;
    }
    return float32Tensor(name, shape, data);
  });
}
