import { absGradient } from './abs.ts';
import { addGradient } from './add.ts';
import { averagePoolGradient, globalAveragePoolGradient } from './average-pool.ts';
import { batchNormalizationGradient } from './batch-normalization.ts';
import { castGradient } from './cast.ts';
import { clipGradient } from './clip.ts';
import { concatGradient } from './concat.ts';
import { convGradient } from './conv.ts';
import { convTransposeGradient } from './conv-transpose.ts';
import { cosGradient } from './cos.ts';
import { divGradient } from './div.ts';
import { erfGradient } from './erf.ts';
import { expGradient } from './exp.ts';
import { expandGradient } from './expand.ts';
import { gatherGradient } from './gather.ts';
import { geluGradient } from './gelu.ts';
import { gemmGradient } from './gemm.ts';
import { identityGradient } from './identity.ts';
import { layerNormalizationGradient } from './layer-normalization.ts';
import { leakyReluGradient } from './leaky-relu.ts';
import { logGradient } from './log.ts';
import { logSoftmaxGradient } from './log-softmax.ts';
import { matMulGradient } from './mat-mul.ts';
import { maxPoolGradient } from './max-pool.ts';
import { mulGradient } from './mul.ts';
import { negGradient } from './neg.ts';
import { padGradient } from './pad.ts';
import { powGradient } from './pow.ts';
import { reciprocalGradient } from './reciprocal.ts';
import { reduceMeanGradient, reduceSumGradient } from './reduce.ts';
import { reluGradient } from './relu.ts';
import { reshapeGradient } from './reshape.ts';
import { sigmoidGradient } from './sigmoid.ts';
import { sinGradient } from './sin.ts';
import { sliceGradient } from './slice.ts';
import { softmaxGradient } from './softmax.ts';
import { splitGradient } from './split.ts';
import { sqrtGradient } from './sqrt.ts';
import { subGradient } from './sub.ts';
import { tanhGradient } from './tanh.ts';
import { transposeGradient } from './transpose.ts';
import { whereGradient } from './where.ts';
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
