import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { seededRandom } from '#shared/base/random.ts';
import { limits } from '#shared/contract/limits.ts';
import { parameterCount } from '#shared/tensor/parameter-set.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import { openModel } from '../onnx/open-model.ts';
import { openGraph, type GraphInput } from '../runtime.ts';
import { stepGraph, stepNames, type StepSettings } from '../step/step-graph.ts';
import { scalarsOf } from '../step/optimizers.ts';
import { requireTrainable, type TrainableModel } from './trainable-model.ts';

/** What can be said of a network before anybody has data for it. */
export interface ModelTrial {
  readonly producer: string;
  readonly opset: number;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly tensors: number;
  readonly parameters: number;
  readonly trainedTensors: number;
  readonly trainedParameters: number;
  /** Running statistics and the like, which are sent but not trained by gradients. */
  readonly buffers: number;
  readonly batchSize: number;
  /** All values of one step together: no step needs more at once. */
  readonly stepBytes: number;
  /** The faster of two steps, on one thread. */
  readonly stepMs: number;
}

interface TrialOptions {
  readonly batchSize: number;
  /** Names or patterns; undefined: all. */
  readonly trains: readonly string[] | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly signal: AbortSignal;
}

/** Only to see that it trains: the sizes of numbers do not matter. */
const settings: Omit<StepSettings, 'batchSize'> = {
  loss: 'mse',
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 },
  clipNorm: undefined,
  seed: 1,
};

/**
 * Opens an ONNX network, builds its training step and takes two on random numbers.
 * @throws GraphFault with the node at fault; RoundscopeError `data_missing` when the file cannot be read
 */
export async function tryModel(path: string, options: TrialOptions): Promise<ModelTrial> {
  const { batchSize, trains, signal } = options;
  const model = await openModel(path, { signal });
  const network = requireTrainable(model, trains === undefined ? {} : { trains });
  const step = stepGraph(network, { ...settings, batchSize });
  if (step.bytes > limits.trainingStepBytesMax * 4) {
    throw new GraphFault('too_large', {
      message: `The values of a step with batches of ${batchSize} have ${Math.ceil(step.bytes / 2 ** 20)} MiB together`,
      try: 'Use smaller batches or a smaller network',
    });
  }
  const stepMs = await takeSteps(step, network, options);
  const trained = network.tensors.filter(({ name }) => network.trained.includes(name));
  return {
    producer: model.producer,
    opset: model.opset,
    inputShape: network.inputShape,
    outputShape: step.outputShape,
    tensors: network.tensors.length,
    parameters: parameterCount(network.tensors),
    trainedTensors: trained.length,
    trainedParameters: parameterCount(trained),
    buffers: network.tensors.filter(({ name }) => model.marks.get(name) === 'buffer').length,
    batchSize,
    stepBytes: step.bytes,
    stepMs,
  };
}

/** The shorter of two. */
async function takeSteps(
  step: ReturnType<typeof stepGraph>,
  network: TrainableModel,
  { batchSize, clock, signal }: TrialOptions,
): Promise<number> {
  try {
    await using session = await openGraph(step.model);
    const feeds = feedsFor(network, { batchSize, outputShape: step.outputShape });
    let stepMs = Infinity;
    for (let i = 0; i < 2; i++) {
      signal.throwIfAborted();
      const startedMs = clock.monotonicMs();
      const results = await session.run(feeds);
      stepMs = Math.min(stepMs, clock.monotonicMs() - startedMs);
      requireFinite(results[stepNames.loss]);
    }
    return stepMs;
  } catch (error) {
    if (error instanceof RoundscopeError || signal.aborted) throw error;
    throw new GraphFault('operator', {
      message: `The runtime does not take the step: ${error instanceof Error ? error.message : String(error)}`.slice(
        0,
        1000,
      ),
    });
  }
}

function requireFinite(loss: Float32Array | undefined): void {
  if (Number.isFinite(loss?.[0])) return;
  throw new GraphFault('shape', {
    message: 'With its own weights and random numbers the network gives values that are no numbers',
    try: 'Look at its initial weights',
  });
}

function feedsFor(
  network: TrainableModel,
  { batchSize, outputShape }: { readonly batchSize: number; readonly outputShape: readonly number[] },
): Record<string, GraphInput> {
  const random = seededRandom('trial');
  const numbers = (shape: readonly number[]): GraphInput => ({
    shape,
    data: new Float32Array(elementCount(shape)).map(() => random.normal()),
  });
  const feeds: Record<string, GraphInput> = {
    [stepNames.input]: numbers([batchSize, ...network.inputShape]),
    [stepNames.targets]: numbers([batchSize, ...outputShape]),
    [stepNames.weights]: { shape: [batchSize], data: new Float32Array(batchSize).fill(1 / batchSize) },
  };
  const scalars = scalarsOf(settings.optimizer, 0.001, 1);
  for (const [name, value] of Object.entries(scalars)) feeds[name] = { shape: [], data: Float32Array.of(value) };
  for (const { name, shape, data } of network.model.initializers) {
    if (!network.model.marks.has(name) || !(data instanceof Float32Array)) continue;
    feeds[stepNames.parameter(name)] = { shape, data };
    if (network.trained.includes(name)) feeds[`velocity.${name}`] = { shape, data: new Float32Array(data.length) };
  }
  return feeds;
}
