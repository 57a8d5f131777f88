import type { Lowering } from './lowering.ts';

/** The same node with the outputs that its backward pass needs, as many as `outputs`; the network itself sees the first. */
export function withOutputs(outputs: number): Lowering {
  return ({ graph, call }) => {
    if (call.outputCount > 1) throw call.fault('inputs_outputs', 'more than its first output is used');
    const { attributes, title } = call;
    return graph.call(call.type, call.inputs, { attributes, outputs, title }).slice(0, 1);
  };
}
