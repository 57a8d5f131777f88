import type { GraphBuilder, GraphValue } from '../graph-builder.ts';

/** What a layer's forward pass leaves behind: its output, and how a gradient travels back through it. */
export interface Tape {
  readonly output: GraphValue;
  readonly backward: Backward;
}

/** Gradients of the loss by the layer's parameters, in their order, and by its input where somebody needs that. */
export interface Gradients {
  readonly parameters: readonly GraphValue[];
  readonly input: GraphValue | undefined;
}

/**
 * Adds the nodes of the way back. The first layer's input is the data: its gradient would be the most expensive one
 * and nobody asks for it, hence `inputGradient`.
 */
export type Backward = (
  graph: GraphBuilder,
  outputGradient: GraphValue,
  options: { readonly inputGradient: 'needed' | 'unused' },
) => Gradients;
