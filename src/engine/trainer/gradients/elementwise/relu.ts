import { elementCode } from '#engine/trainer/onnx/element-types.ts';
import { int } from '#engine/trainer/operators/attributes.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = max(x, 0): ∂x = ∂y where y > 0, else 0; also at 0, as in PyTorch.
 */
export const reluGradient: GradientRule = ({ graph, call, gradient }) => {
  const positive = graph.op('Greater', [call.outputs[0], graph.scalar(0, gradient.type)]);
  return [graph.op('Mul', [gradient, graph.op('Cast', [positive], { to: int(elementCode(gradient.type)) })])];
};
