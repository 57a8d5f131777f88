import { sum } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = ln softmax x along an axis: ∂x = ∂y - exp(y) Σ ∂y, the sum along that axis.
 */
export const logSoftmaxGradient: GradientRule = ({ graph, call, gradient }) => {
  const axis = call.axis(call.int('axis', -1), gradient.shape.length);
  const total = sum(graph, gradient, [axis], true);
  return [graph.op('Sub', [gradient, graph.op('Mul', [graph.op('Exp', [call.outputs[0]]), total])])];
};
