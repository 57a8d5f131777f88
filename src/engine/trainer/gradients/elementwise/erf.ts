import { scale } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = erf x = 2/√π ∫₀ˣ exp(-t²) dt: ∂x = ∂y 2/√π exp(-x²) (DLMF 7.2.1).
 */
export const erfGradient: GradientRule = ({ graph, call, gradient }) => {
  const x = call.input(0);
  const density = graph.op('Exp', [graph.op('Neg', [graph.op('Mul', [x, x])])]);
  return [graph.op('Mul', [gradient, scale(graph, density, 2 / Math.sqrt(Math.PI))])];
};
