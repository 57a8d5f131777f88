import type { PlacedCall, TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';

/** A node in the backward pass. */
export interface Backward {
  readonly graph: TypedGraph;
  /** The node as it stands in the graph, with inputs, outputs and attributes. */
  readonly call: PlacedCall;
  /** Of the loss by the node's first output. */
  readonly gradient: Value;
  /** By each output; undefined where the loss does not depend on it. */
  readonly gradients: readonly (Value | undefined)[];
  /** Whether somebody needs the gradient by this input. */
  readonly wants: (input: number) => boolean;
}

/**
 * Adds the nodes that take a gradient from the outputs of an operator to its inputs. Gives one for each input, undefined
 * where none is wanted or none exists.
 */
export type GradientRule = (backward: Backward) => readonly (Value | undefined)[];
