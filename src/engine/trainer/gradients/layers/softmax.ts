import { sum } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = softmax x along an axis: ∂x = y (∂y - Σ ∂y y), the sum along that axis (Bridle 1990).
 */
export const softmaxGradient: GradientRule = ({ graph, call, gradient }) => {
  const [y] = call.outputs;
  const axis = call.axis(call.int('axis', -1), gradient.shape.length);
  const mean = sum(graph, graph.op('Mul', [gradient, y]), [axis], true);
  return [graph.op('Mul', [y, graph.op('Sub', [gradient, mean])])];
};
