import { RoundscopeError } from '#shared/base/errors.ts';
import { seededRandom } from '#shared/base/random.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import { presetOf, type NetworkPreset } from '#shared/contract/run/network-presets.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { Hash } from '#shared/contract/ids.ts';
import { listNames } from '#shared/base/text/list-names.ts';
import { countClasses, exampleCount, type LoadedData } from './data/dataset.ts';
import { describeData, summaryOf, type PreparedData } from './data/describe-data.ts';
import { loadData } from './data/load-data.ts';
import { trainingDefaultsFor, type TrainingDefaults } from './defaults.ts';
import { trainerError } from './errors.ts';
import { requirePlan } from './graph-cache.ts';
import { byWords, imageShapeOf } from './imported/classifier.ts';
import { openNetwork, planNetwork } from './imported/plan-network.ts';
import { presetModel, presetShape } from './imported/presets.ts';
import { requireTrainable, type TrainableModel } from './imported/trainable-model.ts';
import { modelFor } from './model/default-models.ts';
import { initialParameters } from './model/initial-parameters.ts';

/** What a coordinator needs to know of the data that its run is about; it trains nothing itself. */
export interface FederationPlan {
  readonly source: string;
  readonly classes: readonly string[];
  readonly model: ModelConfig;
  /** The network that participants get; absent: the model's layers say all there is to it. */
  readonly graph?: Uint8Array | undefined;
  /** The global model of round 1. */
  readonly parameters: ParameterSet;
  readonly defaults: TrainingDefaults;
  /** Accuracy of always naming the commonest class. */
  readonly baselineAccuracy: number;
  /** What was read and what was left out. */
  readonly loaded: PreparedData;
}

export interface FederationOptions {
  readonly signal: AbortSignal;
  readonly seed: number;
  /** A well-known network by its name, or an ONNX file; absent: layers are chosen for the images. */
  readonly model?: { readonly path: string; readonly hash: (file: Uint8Array) => Hash } | undefined;
  /** Of a training step, as far as it is decided. */
  readonly batchSize?: number | undefined;
}

/**
 * Looks at the data, chooses a model for its images and draws that model's first parameters from the seed, or takes both from
 * a file: then the images are scaled to what its network sees.
 * @throws RoundscopeError `data_missing`, `data_invalid`, `data_too_large`, `model_invalid`
 */
export async function planFederation(data: string, options: FederationOptions): Promise<FederationPlan> {
  return options.model === undefined
    ? await planLayers(data, options)
    : await planImported(data, { ...options, model: options.model });
}

async function planLayers(data: string, { signal, seed }: FederationOptions): Promise<FederationPlan> {
  const loaded = await loadData(data, { signal });
  const model = modelFor(loaded.all.shape, loaded.all.classes.length);
  const plan = requirePlan(model);
  const parameters = initialParameters(plan, seededRandom(seed).fork('initial-model'));
  return { model, parameters, defaults: trainingDefaultsFor(plan, exampleCount(loaded.all)), ...aboutData(loaded) };
}

type ImportedOptions = FederationOptions & { readonly model: NonNullable<FederationOptions['model']> };

async function planImported(
  data: string,
  { signal, seed, model, batchSize }: ImportedOptions,
): Promise<FederationPlan> {
  const preset = presetOf(model.path);
  if (preset !== null) return await planPreset(data, preset, { signal, seed, model, batchSize });
  const network = await openFile(model.path, signal);
  const shape = imageShapeOf(network.inputShape);
  if (shape === null) throw await otherInput(data, network, signal);
  const { config, file, parameters, defaults } = planNetwork(network, { batchSize });
  const loaded = await loadData(data, { signal, fit: { shape } });
  const { classes } = loaded.all;
  if (classes.length !== config.numClasses) {
    throw trainerError(
      'model_invalid',
      `The network of ${model.path} tells ${config.numClasses} classes apart, and ${loaded.all.source} has ` +
        `${classes.length}: ${listNames(classes)}. Take data with as many classes, or another network.`,
      { context: { classes: classes.length, numClasses: config.numClasses } },
    );
  }
  const graph = { hash: model.hash(file), bytes: file.length };
  return { model: { ...config, graph }, graph: file, parameters, defaults, ...aboutData(loaded) };
}

/** A network of ours has as many outputs as the data has classes. */
async function planPreset(
  data: string,
  preset: NetworkPreset,
  { signal, seed, model, batchSize }: ImportedOptions,
): Promise<FederationPlan> {
  const loaded = await loadData(data, { signal, fit: { shape: [...presetShape(preset)] } });
  const random = seededRandom(seed).fork('initial-model');
  const network = requireTrainable(presetModel(preset, loaded.all.classes.length, random));
  const { config, file, parameters, defaults } = planNetwork(network, { batchSize });
  const graph = { hash: model.hash(file), bytes: file.length };
  return { model: { ...config, graph }, graph: file, parameters, defaults, ...aboutData(loaded) };
}

/** Whatever is wrong with the file is wrong with the model, and not with the data. */
async function openFile(path: string, signal: AbortSignal): Promise<TrainableModel> {
  try {
    return await openNetwork(path, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RoundscopeError) || error.code === 'model_invalid') throw error;
    throw trainerError('model_invalid', error.message, { cause: error });
  }
}

async function otherInput(data: string, network: TrainableModel, signal: AbortSignal): Promise<Error> {
  const { source, shape } = (await loadData(data, { signal })).all;
  return trainerError(
    'model_invalid',
    `The network takes ${byWords(network.inputShape)} for each example, and the pictures of ${source} are ` +
      `${byWords(shape)} (channels, height, width). A network of pictures in grey or color can be trained: they are scaled to its size.`,
  );
}

function aboutData(loaded: LoadedData): Pick<FederationPlan, 'source' | 'classes' | 'baselineAccuracy' | 'loaded'> {
  const { all } = loaded;
  return {
    source: all.source,
    classes: all.classes,
    baselineAccuracy: Math.max(...countClasses(all.labels, all.classes.length)) / exampleCount(all),
    loaded: describeData(loaded, summaryOf(loaded)),
  };
}
