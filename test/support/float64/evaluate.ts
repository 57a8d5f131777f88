import { nodeTitle } from '#engine/trainer/onnx/graph-fault.ts';
import type { OnnxModel } from '#engine/trainer/onnx/onnx-model.ts';
import { numbersOf } from '#engine/trainer/operators/constants.ts';
import { OperatorCall } from '#engine/trainer/operators/operator-call.ts';
import { findOperator } from '#engine/trainer/operators/operators.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import { references } from './reference-operators.ts';
import type { Tensor64 } from './tensor-loops.ts';

type Network = Pick<OnnxModel, 'nodes' | 'initializers' | 'outputs'>;

/**
 * Computes a network in float64, in training mode and without dropout: what differences of the loss are taken from.
 * @param given inputs and initializers by name; initializers that are not among them have the network's own values
 */
export function evaluate64(network: Network, given: ReadonlyMap<string, Tensor64>): readonly Tensor64[] {
  const values = new Map<string, Value>();
  const put = (name: string, { shape, data }: Tensor64, type: Value['type'] = 'float32'): void => {
    values.set(name, { name, type, shape, constant: data });
  };
  for (const tensor of network.initializers)
    put(tensor.name, { shape: tensor.shape, data: numbersOf(tensor) }, tensor.type);
  for (const [name, tensor] of given) put(name, tensor);
  for (const node of network.nodes) {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)));
    const { type, attributes, outputs } = node;
    const call = new OperatorCall({ type, inputs, attributes, outputCount: outputs.length, title: nodeTitle(node) });
    const operator = findOperator(type);
    if (!operator) throw new Error(`no operator ${type}`);
    const types = operator.infer(call);
    const reference = references.get(type);
    const folded = reference ? undefined : operator.fold?.(call, types[0] as Value);
    const results =
      reference?.(call, types) ?? (folded && [{ shape: (types[0] as Value).shape, data: Float64Array.from(folded) }]);
    if (!results) throw new Error(`no reference for ${type}`);
    for (const [i, name] of outputs.entries()) put(name, results[i] as Tensor64, types[i]?.type);
  }
  return network.outputs.map(({ name }) => {
    const { shape, constant } = values.get(name) as Value;
    return { shape, data: constant ?? new Float64Array(0) };
  });
}
