import { seededRandom } from '#shared/base/random.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import { countClasses, exampleCount } from './data/dataset.ts';
import { describeData, summaryOf, type PreparedData } from './data/describe-data.ts';
import { loadData } from './data/load-data.ts';
import { trainingDefaultsFor, type TrainingDefaults } from './defaults.ts';
import { requirePlan } from './graph-cache.ts';
import { modelFor } from './model/default-models.ts';
import { initialParameters } from './model/initial-parameters.ts';

/** What a coordinator needs to know of the data that its run is about; it trains nothing itself. */
export interface FederationPlan {
  readonly source: string;
  readonly classes: readonly string[];
  readonly model: ModelConfig;
  /** The global model of round 1. */
  readonly parameters: ParameterSet;
  readonly defaults: TrainingDefaults;
  /** Accuracy of always naming the commonest class. */
  readonly baselineAccuracy: number;
  /** What was read and what was left out. */
  readonly loaded: PreparedData;
}

/**
 * Looks at the data, chooses a model for its images and draws that model's first parameters from the seed.
 * @throws RoundscopeError `data_missing`, `data_invalid`, `data_too_large`
 */
export async function planFederation(
  data: string,
  options: { readonly signal: AbortSignal; readonly seed: number },
): Promise<FederationPlan> {
  const loaded = await loadData(data, { signal: options.signal });
  const { all } = loaded;
  const model = modelFor(all.shape, all.classes.length);
  const plan = requirePlan(model);
  return {
    source: all.source,
    classes: all.classes,
    model,
    parameters: initialParameters(plan, seededRandom(options.seed).fork('initial-model')),
    defaults: trainingDefaultsFor(plan),
    baselineAccuracy: Math.max(...countClasses(all.labels, all.classes.length)) / exampleCount(all),
    loaded: describeData(loaded, summaryOf(loaded)),
  };
}
