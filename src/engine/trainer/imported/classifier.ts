import { limits } from '#shared/contract/limits.ts';
import { inputShapeSchema, type ModelConfig } from '#shared/contract/run/model-config.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import { sgdMomentum } from '../optimizer/sgd.ts';
import type { StepSettingsOf } from '../learner.ts';
import type { OptimizerSettings } from '../step/optimizers.ts';
import { stepGraph, type StepSettings } from '../step/step-graph.ts';
import type { TrainableModel } from './trainable-model.ts';

/** A network from elsewhere that tells pictures apart, which is what runs are about. */
export interface Classifier {
  readonly network: TrainableModel;
  readonly config: Pick<ModelConfig, 'inputShape' | 'numClasses'>;
  /** All values of one training step together: no step needs more at once. */
  readonly stepBytes: number;
}

/** Values that are done with give way to others, so a step never has all of them in memory. */
const stepValuesMax = 4 * limits.trainingStepBytesMax;

/**
 * Builds the training step of a network, and finds out what it tells apart.
 * @throws GraphFault with the node at fault: an operator without a gradient, another kind of input or output, too much memory
 */
export function requireClassifier(network: TrainableModel, job: StepSettingsOf): Classifier {
  const inputShape = imageShapeOf(network.inputShape);
  if (inputShape === null) {
    throw new GraphFault('inputs_outputs', {
      message: `The network takes ${byWords(network.inputShape)} for each example, and a run is about pictures`,
      try: `An input of 1 or 3 channels, height and width of at most ${limits.imageSideMax} can be trained`,
    });
  }
  const { outputShape, bytes } = stepGraph(network, settingsOf(job));
  const [numClasses = 0] = outputShape;
  if (numClasses < 2 || numClasses > limits.classesMax) {
    throw new GraphFault('inputs_outputs', {
      message: `The network gives ${byWords(outputShape)} for each example, and a run needs one number for each class`,
      try: `A classifier of 2 to ${limits.classesMax} classes, whose last layer is linear, can be trained`,
    });
  }
  if (bytes > stepValuesMax) {
    throw new GraphFault('too_large', {
      message: `The values of a step with batches of ${job.batchSize} have ${Math.ceil(bytes / 2 ** 20)} MiB together`,
      try: 'Use smaller batches or a smaller network',
    });
  }
  return { network, config: { inputShape, numClasses }, stepBytes: bytes };
}

/** Null: it is none of a picture in grey or color. */
export function imageShapeOf(shape: readonly number[]): ModelConfig['inputShape'] | null {
  const image = inputShapeSchema.safeParse(shape);
  return image.success && (image.data[0] === 1 || image.data[0] === 3) ? image.data : null;
}

/** `3 × 8 × 8 numbers`. */
export function byWords(shape: readonly number[]): string {
  return shape.length === 0 ? 'one number' : `${shape.join(' × ')} numbers`;
}

/** What a run's configuration says of a step. */
export function settingsOf({ batchSize, optimizer, seed }: StepSettingsOf): StepSettings {
  return { batchSize, loss: 'cross_entropy', optimizer: optimizers[optimizer], clipNorm: undefined, seed };
}

/** The same as for lists of layers. */
const optimizers: Readonly<Record<StepSettingsOf['optimizer'], OptimizerSettings>> = {
  sgd: { kind: 'sgd', momentum: sgdMomentum, nesterov: false, weightDecay: 0 },
  adam: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
};
