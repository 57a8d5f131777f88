import { padsOf } from '#engine/trainer/operators/shaping.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Constants around the elements: ∂x is ∂y without them; where padding took elements away, their gradient is 0.
 */
export const padGradient: GradientRule = ({ graph, call, gradient }) => {
  const mode = call.text('mode', 'constant');
  if (mode !== 'constant') {
    throw call.fault('no_gradient', `padding by ${mode} has no gradient here`, 'Pad with zeros');
  }
  const { before, after } = padsOf(call);
  // Without `|| 0` there would be negative zeros.
  const pads = [...before, ...after].map((pad) => -pad || 0);
  return [pads.every((pad) => pad === 0) ? gradient : graph.op('Pad', [gradient, graph.int64s(pads)])];
};
