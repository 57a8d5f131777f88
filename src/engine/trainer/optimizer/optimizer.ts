/**
 * Changes parameters along their gradients, outside the graph, so that one graph serves every optimizer. Element by
 * element in order, computed in float64 and stored in float32: the same on every machine.
 */
export interface Optimizer {
  /** Once per step, before its tensors. */
  beginStep(): void;
  /** Updates one tensor in place; `index` is its place in the layout. */
  update(index: number, parameter: Float32Array, gradient: Float32Array): void;
}

export type OptimizerName = 'sgd' | 'adam';
