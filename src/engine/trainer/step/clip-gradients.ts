import { reshape, sum } from '../operators/graph-parts.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';

/** As PyTorch adds it, so that a norm of zero divides nothing. */
const small = 1e-6;

/**
 * Scales all gradients together so that their Euclidean norm is at most `most` (Pascanu et al. 2013, arXiv:1211.5063), as
 * PyTorch's clip_grad_norm_.
 */
export function clipGradients(graph: TypedGraph, gradients: readonly Value[], most: number): readonly Value[] {
  const [first, ...rest] = gradients.map((gradient) =>
    sum(graph, graph.op('Mul', [gradient, gradient]), [...gradient.shape.keys()]),
  );
  if (!first) return gradients;
  const total = rest.reduce((squares, square) => graph.op('Add', [squares, square]), first);
  const { type } = first;
  const norm = graph.op('Add', [graph.op('Sqrt', [total]), graph.scalar(small, type)]);
  const factor = graph.op('Min', [graph.op('Div', [graph.scalar(most, type), norm]), graph.scalar(1, type)]);
  return gradients.map((gradient) => graph.op('Mul', [gradient, reshape(graph, factor, [])]));
}
