import type { ParameterLayout } from '#shared/tensor/parameter-set.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import { Adam } from './adam.ts';
import type { Optimizer, OptimizerName } from './optimizer.ts';
import { Sgd } from './sgd.ts';

/** A fresh optimizer: in federated averaging its state does not outlive a round. */
export function makeOptimizer(
  name: OptimizerName,
  options: { readonly layout: ParameterLayout; readonly learningRate: number },
): Optimizer {
  const sizes = options.layout.map(({ shape }) => elementCount(shape));
  return name === 'adam' ? new Adam(sizes, options.learningRate) : new Sgd(sizes, options.learningRate);
}
