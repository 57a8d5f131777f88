import { float } from '../operators/attributes.ts';
import type { Lowering } from './lowering.ts';

/**
 * Dropout by plain operators (Srivastava et al. 2014): elements stay with the probability 1 - ratio and are scaled by its
 * inverse. The random numbers have a seed, so a run can be repeated. A node that was exported as switched off stays so.
 */
export const trainDropout: Lowering = ({ graph, call, seed }) => {
  const x = call.input(0);
  const ratio = call.constantInts(1)?.[0] ?? 0.5;
  const on = (call.constantInts(2)?.[0] ?? 0) !== 0;
  if (call.outputCount > 1) throw call.fault('inputs_outputs', 'its mask is used', 'Export with the output alone');
  if (!on || ratio === 0) return [x];
  if (!(ratio > 0 && ratio < 1)) throw call.fault('attribute', `its ratio is ${ratio}`);
  const noise = graph.op('RandomUniformLike', [x], { seed: float(seed) });
  const stays = graph.op('GreaterOrEqual', [noise, graph.scalar(ratio, x.type)]);
  const scaled = graph.op('Mul', [x, graph.scalar(1 / (1 - ratio), x.type)]);
  return [graph.op('Where', [stays, scaled, graph.scalar(0, x.type)])];
};

export const evaluateDropout: Lowering = ({ call }) => [call.input(0)];

/** How PyTorch's exporter writes dropout of whole channels: random numbers by a node of their own. */
export const seedRandomUniform: Lowering = ({ graph, call, seed }) => [
  graph.op('RandomUniformLike', [call.input(0)], {
    seed: float(seed),
    low: float(call.float('low', 0)),
    high: float(call.float('high', 1)),
  }),
];
