import { scale } from '#engine/trainer/operators/graph-parts.ts';
import type { TypedGraph } from '#engine/trainer/operators/typed-graph.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = x Φ(x) with the normal distribution Φ (Hendrycks & Gimpel 2016, arXiv:1606.08415): ∂x = ∂y (Φ(x) + x φ(x)),
 * φ(x) = exp(-x²/2) / √(2π). By tanh: y = x/2 (1 + t), t = tanh u, u = √(2/π) (x + 0.044715 x³):
 * ∂x = ∂y ((1 + t) / 2 + x/2 (1 - t²) √(2/π) (1 + 3 · 0.044715 x²)).
 */
export const geluGradient: GradientRule = ({ graph, call, gradient }) => {
  const slope = call.text('approximate', 'none') === 'tanh' ? slopeByTanh : slopeByErf;
  return [graph.op('Mul', [gradient, slope(graph, call.input(0))])];
};

function slopeByErf(graph: TypedGraph, x: Value): Value {
  const one = graph.scalar(1, x.type);
  const erf = graph.op('Erf', [scale(graph, x, Math.SQRT1_2)]);
  const distribution = scale(graph, graph.op('Add', [erf, one]), 0.5);
  const bell = graph.op('Exp', [scale(graph, graph.op('Mul', [x, x]), -0.5)]);
  const density = scale(graph, bell, 1 / Math.sqrt(2 * Math.PI));
  return graph.op('Add', [distribution, graph.op('Mul', [x, density])]);
}

const cubic = 0.044715;
const inner = Math.sqrt(2 / Math.PI);

function slopeByTanh(graph: TypedGraph, x: Value): Value {
  const one = graph.scalar(1, x.type);
  const square = graph.op('Mul', [x, x]);
  const bracket = graph.op('Add', [one, scale(graph, square, cubic)]);
  const t = graph.op('Tanh', [scale(graph, graph.op('Mul', [x, bracket]), inner)]);
  const steep = graph.op('Sub', [one, graph.op('Mul', [t, t])]);
  const bySquare = scale(graph, graph.op('Add', [one, scale(graph, square, 3 * cubic)]), inner / 2);
  const second = graph.op('Mul', [x, graph.op('Mul', [steep, bySquare])]);
  return graph.op('Add', [scale(graph, graph.op('Add', [one, t]), 0.5), second]);
}
