import type { ParameterLayout } from '#shared/tensor/parameter-set.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import { Adam } from './adam.ts';
import { Sgd } from './sgd.ts';

/**
 * Changes parameters along their gradients, outside the graph, so that one graph serves every optimiser. Element by
 * element in order, computed in float64 and stored in float32: the same on every machine.
 */
export interface Optimiser {
  /** Once per step, before its tensors. */
  beginStep(): void;
  /** Updates one tensor in place; `index` is its place in the layout. */
  update(index: number, parameter: Float32Array, gradient: Float32Array): void;
}

export type OptimiserName = 'sgd' | 'adam';

/** A fresh optimiser: in federated averaging its state does not outlive a round. */
export function makeOptimiser(
  name: OptimiserName,
  options: { readonly layout: ParameterLayout; readonly learningRate: number },
): Optimiser {
  const sizes = options.layout.map(({ shape }) => elementCount(shape));
  return name === 'adam' ? new Adam(sizes, options.learningRate) : new Sgd(sizes, options.learningRate);
}
