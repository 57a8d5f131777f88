import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import { deepDefaults, type TrainingDefaults } from '../defaults.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import { openModel } from '../onnx/open-model.ts';
import { requireClassifier, type Classifier } from './classifier.ts';
import { writeNetwork } from './network-file.ts';
import { requireTrainable, type TrainableModel } from './trainable-model.ts';

/** A network from a file, ready for a run. */
export interface PlannedNetwork {
  readonly config: Pick<ModelConfig, 'inputShape' | 'numClasses'>;
  /** What participants get of the file. */
  readonly file: Uint8Array;
  /** Its own weights: the global model of round 1. */
  readonly parameters: ParameterSet;
  readonly defaults: TrainingDefaults;
}

/** Values of a step that we choose ourselves: several participants share a machine. */
const comfortableBytes = 2 * 1024 * 1024 * 1024;

/**
 * Opens an ONNX file. What it is for is checked by `planNetwork`, once it is known which data it meets.
 * @throws GraphFault with the node at fault; RoundscopeError `data_missing` when it cannot be read
 */
export async function openNetwork(path: string, options: { readonly signal: AbortSignal }): Promise<TrainableModel> {
  return requireTrainable(await openModel(path, options));
}

/**
 * Builds the training step of a network as participants will.
 * @param asked.batchSize undefined: as many examples as are comfortable
 * @throws GraphFault with the node at fault
 */
export function planNetwork(
  network: TrainableModel,
  asked: { readonly batchSize?: number | undefined },
): PlannedNetwork {
  const { config, batchSize } = asked.batchSize === undefined ? comfortable(network) : built(network, asked.batchSize);
  return {
    config,
    file: writeNetwork(network),
    parameters: weightsOf(network),
    defaults: { ...deepDefaults, batchSize },
  };
}

type Built = Classifier & { readonly batchSize: number };

function comfortable(network: TrainableModel): Built {
  for (const batchSize of [deepDefaults.batchSize, 8]) {
    try {
      const candidate = built(network, batchSize);
      if (candidate.stepBytes <= comfortableBytes) return candidate;
    } catch (error) {
      if (!(error instanceof GraphFault) || error.reason !== 'too_large') throw error;
    }
  }
  return built(network, 1);
}

function built(network: TrainableModel, batchSize: number): Built {
  return { ...requireClassifier(network, { ...deepDefaults, batchSize, seed: 0 }), batchSize };
}

function weightsOf({ model, tensors }: TrainableModel): ParameterSet {
  const values = new Map(model.initializers.map(({ name, data }) => [name, data]));
  return tensors.map(({ name, shape }) => {
    const data = values.get(name);
    if (data instanceof Float32Array && data.every(Number.isFinite)) return float32Tensor(name, shape, data);
    throw new GraphFault('malformed', {
      message: `The values of ${name} are not all numbers`,
      try: 'Export the network as it is before training, or with good weights',
    });
  });
}
