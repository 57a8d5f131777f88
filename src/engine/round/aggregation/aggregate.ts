import {
  flattenParameters,
  viewParameters,
  type ParameterLayout,
  type ParameterSet,
} from '#shared/tensor/parameter-set.ts';
import type { WeightRule } from '#shared/contract/run/weight-rule.ts';
import { FedAvg, type FedAvgInput, type UpdateMeasure } from './fedavg.ts';
import { cappedWeights } from './weigh.ts';

/** Multiplications between two yields: about 3 ms, short beside any heartbeat. */
const sliceOperations = 1 << 20;

export interface Aggregate {
  readonly parameters: ParameterSet;
  readonly stepNorm: number;
  readonly measures: readonly UpdateMeasure[];
}

/** FedAvg under the rule of a run. @param input.examples those that count, one number for each update */
export function averageOf(
  { base, updates, examples }: Pick<FedAvgInput, 'base' | 'updates'> & { readonly examples: readonly number[] },
  rule: WeightRule,
): FedAvg {
  return new FedAvg({
    base,
    updates,
    weights: cappedWeights(examples, rule.weightCap),
    clip: rule.normClip,
    // Whoever may weigh all of it may move all of it.
    outvoted: rule.weightCap !== null,
  });
}

/**
 * Runs FedAvg over whole models while the event loop goes on.
 * @param contributions sorted by participant id; `examples` are those that count
 */
export async function aggregate(
  base: ParameterSet,
  contributions: readonly { readonly examples: number; readonly parameters: ParameterSet }[],
  rule: WeightRule,
  yieldToEventLoop: () => Promise<void>,
): Promise<Aggregate> {
  const updates: Float32Array[] = [];
  for (const { parameters } of contributions) {
    updates.push(flattenParameters(parameters));
    await yieldToEventLoop();
  }
  const examples = contributions.map((contribution) => contribution.examples);
  const job = averageOf({ base: flattenParameters(base), updates, examples }, rule);
  const elements = Math.max(1024, Math.floor(sliceOperations / contributions.length));
  while (!job.step(elements)) await yieldToEventLoop();
  const { parameters, stepNorm, measures } = job.result();
  const layout: ParameterLayout = base.map(({ name, shape }) => ({ name, shape }));
  return { parameters: viewParameters(layout, parameters), stepNorm, measures };
}
