import { absGradient } from './elementwise/abs.ts';
import { addGradient } from './elementwise/add.ts';
import { averagePoolGradient, globalAveragePoolGradient } from './layers/average-pool.ts';
import { batchNormalizationGradient } from './layers/batch-normalization.ts';
import { castGradient } from './shape/cast.ts';
import { clipGradient } from './elementwise/clip.ts';
import { concatGradient } from './shape/concat.ts';
import { convGradient } from './layers/conv.ts';
import { convTransposeGradient } from './layers/conv-transpose.ts';
import { cosGradient } from './elementwise/cos.ts';
import { divGradient } from './elementwise/div.ts';
import { erfGradient } from './elementwise/erf.ts';
import { expGradient } from './elementwise/exp.ts';
import { expandGradient } from './shape/expand.ts';
import { gatherGradient } from './shape/gather.ts';
import { geluGradient } from './elementwise/gelu.ts';
import { gemmGradient } from './layers/gemm.ts';
import { identityGradient } from './shape/identity.ts';
import { layerNormalizationGradient } from './layers/layer-normalization.ts';
import { leakyReluGradient } from './elementwise/leaky-relu.ts';
import { logGradient } from './elementwise/log.ts';
import { logSoftmaxGradient } from './layers/log-softmax.ts';
import { matMulGradient } from './layers/mat-mul.ts';
import { maxPoolGradient } from './layers/max-pool.ts';
import { mulGradient } from './elementwise/mul.ts';
import { negGradient } from './elementwise/neg.ts';
import { padGradient } from './shape/pad.ts';
import { powGradient } from './elementwise/pow.ts';
import { reciprocalGradient } from './elementwise/reciprocal.ts';
import { reduceMeanGradient, reduceSumGradient } from './layers/reduce.ts';
import { reluGradient } from './elementwise/relu.ts';
import { reshapeGradient } from './shape/reshape.ts';
import { sigmoidGradient } from './elementwise/sigmoid.ts';
import { sinGradient } from './elementwise/sin.ts';
import { sliceGradient } from './shape/slice.ts';
import { softmaxGradient } from './layers/softmax.ts';
import { splitGradient } from './shape/split.ts';
import { sqrtGradient } from './elementwise/sqrt.ts';
import { subGradient } from './elementwise/sub.ts';
import { tanhGradient } from './elementwise/tanh.ts';
import { transposeGradient } from './shape/transpose.ts';
import { whereGradient } from './shape/where.ts';
import type { GradientRule } from './rule.ts';

/** By operator. LSTM, GRU and Dropout have none of their own: they are written out by plain operators first (see lowering). */
const rules: ReadonlyMap<string, GradientRule> = new Map([
  ['Add', addGradient],
  ['Sub', subGradient],
  ['Mul', mulGradient],
  ['Div', divGradient],
  ['Pow', powGradient],
  ['Sqrt', sqrtGradient],
  ['Exp', expGradient],
  ['Log', logGradient],
  ['Neg', negGradient],
  ['Abs', absGradient],
  ['Reciprocal', reciprocalGradient],
  ['Sin', sinGradient],
  ['Cos', cosGradient],
  ['Erf', erfGradient],
  ['Relu', reluGradient],
  ['LeakyRelu', leakyReluGradient],
  ['Clip', clipGradient],
  ['Sigmoid', sigmoidGradient],
  ['Tanh', tanhGradient],
  ['Gelu', geluGradient],
  ['Softmax', softmaxGradient],
  ['LogSoftmax', logSoftmaxGradient],
  ['Identity', identityGradient],
  ['Cast', castGradient],
  ['CastLike', castGradient],
  ['Where', whereGradient],
  ['Reshape', reshapeGradient],
  ['Flatten', reshapeGradient],
  ['Squeeze', reshapeGradient],
  ['Unsqueeze', reshapeGradient],
  ['Transpose', transposeGradient],
  ['Expand', expandGradient],
  ['Concat', concatGradient],
  ['Split', splitGradient],
  ['Slice', sliceGradient],
  ['Pad', padGradient],
  ['Gather', gatherGradient],
  ['ReduceSum', reduceSumGradient],
  ['ReduceMean', reduceMeanGradient],
  ['MatMul', matMulGradient],
  ['Gemm', gemmGradient],
  ['Conv', convGradient],
  ['ConvTranspose', convTransposeGradient],
  ['MaxPool', maxPoolGradient],
  ['AveragePool', averagePoolGradient],
  ['GlobalAveragePool', globalAveragePoolGradient],
  ['BatchNormalization', batchNormalizationGradient],
  ['LayerNormalization', layerNormalizationGradient],
]);

/** Constant between jumps, or random: nothing goes back through them. */
const flat = new Set(['Sign', 'Floor', 'Ceil', 'RandomUniformLike', 'Shape', 'Size']);

export function findRule(type: string): GradientRule | undefined {
  return rules.get(type);
}

export function hasNoSlope(type: string): boolean {
  return flat.has(type);
}

export function differentiableOperators(): readonly string[] {
  return [...rules.keys()];
}
