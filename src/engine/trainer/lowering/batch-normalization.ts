import { elementCount } from '#shared/tensor/tensor.ts';
import { float, int } from '../operators/attributes.ts';
import type { Lowering } from './lowering.ts';

/**
 * In training mode a batch is normalized by its own mean and variance (Ioffe & Szegedy 2015, arXiv:1502.03167). With a
 * momentum of 0 the operator's other outputs are just these, which the backward pass needs too. The running statistics follow
 * as in PyTorch's BatchNorm: the variance there has the divisor n - 1.
 */
export const trainBatchNormalization: Lowering = ({ graph, node, call, update }) => {
  const x = call.input(0);
  const count = elementCount(x.shape) / (x.shape[1] ?? 1);
  if (count < 2) {
    const hint = 'Use batches of two examples or more';
    throw call.fault('shape', 'one value for each channel has no variance', hint);
  }
  // The runtime writes the statistics over these inputs, even where others need them: it gets values that nobody else has.
  const own = [3, 4].map((i) => graph.op('Neg', [call.input(i)]));
  const inputs = [0, 1, 2].map((i) => call.input(i)).concat(own);
  const outputs = graph.call('BatchNormalization', inputs, {
    attributes: { epsilon: float(call.float('epsilon', 1e-5)), momentum: float(0), training_mode: int(1) },
    outputs: 3,
    title: call.title,
  });
  const momentum = call.float('momentum', 0.9);
  for (const [i, correction] of [
    [3, 1],
    [4, count / (count - 1)],
  ] as const) {
    const kept = graph.op('Mul', [call.input(i), graph.scalar(momentum, x.type)]);
    const seen = graph.op('Mul', [outputs[i - 2], graph.scalar((1 - momentum) * correction, x.type)]);
    update(node.inputs[i] ?? '', graph.op('Add', [kept, seen]));
  }
  return outputs.slice(0, 1);
};

/** Evaluation normalizes by the running statistics, however the network was exported. */
export const evaluateBatchNormalization: Lowering = ({ graph, call }) =>
  graph.call(
    'BatchNormalization',
    [0, 1, 2, 3, 4].map((i) => call.input(i)),
    {
      attributes: { epsilon: float(call.float('epsilon', 1e-5)) },
      title: call.title,
    },
  );
