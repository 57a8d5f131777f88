import type { ParameterLayout } from '#shared/tensor/parameter-set.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import { Adam } from './adam.ts';
import type { Optimiser, OptimiserName } from './optimiser.ts';
import { Sgd } from './sgd.ts';

/** A fresh optimiser: in federated averaging its state does not outlive a round. */
export function makeOptimiser(
  name: OptimiserName,
  options: { readonly layout: ParameterLayout; readonly learningRate: number },
): Optimiser {
  const sizes = options.layout.map(({ shape }) => elementCount(shape));
  return name === 'adam' ? new Adam(sizes, options.learningRate) : new Sgd(sizes, options.learningRate);
}
