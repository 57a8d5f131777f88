import { modelCodec } from '#engine/codec/model-codec.ts';
import type { LoadedData } from '#engine/round/participant/state.ts';
import type { PayloadCodec } from '#engine/round/payload-codec.ts';
import { seededRandom } from '#shared/base/random.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import {
  flattenParameters,
  viewParameters,
  type ParameterLayout,
  type ParameterSet,
} from '#shared/tensor/parameter-set.ts';

/** A model small enough to be averaged by hand, with the real names, bytes and hashes around it. */
export const toyLayout: ParameterLayout = [
  { name: 'dense.kernel', shape: [2, 3] },
  { name: 'dense.bias', shape: [2] },
];

export const toyModel: ModelConfig = {
  inputShape: [1, 1, 3],
  numClasses: 2,
  layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'none' }],
};

/** The same as a network from elsewhere: what is in its file nobody reads here. */
export const toyGraph = new TextEncoder().encode('a network of toys');
export const toyGraphModel: ModelConfig = {
  inputShape: [1, 1, 3],
  numClasses: 2,
  graph: { hash: modelCodec.hash(toyGraph), bytes: toyGraph.byteLength },
};

export const toyCodec: PayloadCodec = modelCodec;

export function toyInitial(seed: number): ParameterSet {
  const random = seededRandom(`initial-${seed}`);
  return viewParameters(
    toyLayout,
    Float32Array.from({ length: 8 }, () => random.normal()),
  );
}

/** A deterministic training: the same participant, round and base give the same update, on whatever attempt. */
export function toyTrain(base: ParameterSet, who: string, round: number): ParameterSet {
  const random = seededRandom(`${who}/${round}`);
  return viewParameters(
    toyLayout,
    flattenParameters(base).map((value) => value * 0.9 + random.normal() * 0.1),
  );
}

/** What a participant with toy data reports of it. */
export function toyLoaded(
  classes: readonly string[],
  shape: readonly number[],
  { examples = 100, heldOut = 20 }: { readonly examples?: number; readonly heldOut?: number } = {},
): LoadedData {
  const classCounts = classes.map(() => 1);
  const data = { source: 'toy', examples, heldOut, shape: [...shape], classes: [...classes], classCounts, skipped: 0 };
  return { data, text: `${examples} toys`, leftOut: [], changed: [], mapping: [], warnings: [] };
}
