import type { OnnxNode } from '../onnx/onnx-model.ts';
import type { OperatorCall } from '../operators/operator-call.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';

/** A node of a network on its way into a graph. */
export interface Place {
  readonly graph: TypedGraph;
  readonly node: OnnxNode;
  /** The node with its inputs as values of the graph. */
  readonly call: OperatorCall;
  /** Differs for every node of a network: what its random numbers start from. */
  readonly seed: number;
  /** Says what an initializer, such as a running mean, is after this step. */
  readonly update: (initializer: string, value: Value) => void;
}

/** Writes a node in the form that training or evaluation needs; gives its outputs. */
export type Lowering = (place: Place) => readonly Value[];
