import { elementCode } from '#engine/trainer/onnx/element-types.ts';
import { int } from '#engine/trainer/operators/attributes.ts';
import type { GradientRule } from '../rule.ts';

/**
 * The same numbers in another type: ∂x = ∂y in the type of x.
 */
export const castGradient: GradientRule = ({ graph, call, gradient }) => {
  const { type } = call.input(0);
  return [gradient.type === type ? gradient : graph.op('Cast', [gradient], { to: int(elementCode(type)) })];
};
