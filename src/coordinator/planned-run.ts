import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import type { RunSettings } from '#shared/contract/run/settings.ts';
import { modelCodec } from '#engine/codec/model-codec.ts';
import { readStartModel, type StartModel } from '#engine/durability/start-model.ts';
import { planFederation, type FederationPlan } from '#engine/trainer/federation-plan.ts';

/** What a run is about, once that is decided. */
export interface PlannedRun {
  readonly settings: RunSettings;
  readonly model: FederationPlan['model'];
  /** The network that participants get, where the model is one from elsewhere. */
  readonly graph?: FederationPlan['graph'];
  readonly initialParameters: FederationPlan['parameters'];
  readonly baselineAccuracy: number;
  readonly classes: readonly string[];
  /** What was read for it just now; absent where nothing was. */
  readonly loaded?: FederationPlan['loaded'];
  /** The file that it begins with; absent: its first model was drawn. */
  readonly startModel?: Pick<StartModel, 'origin'>;
}

/** @throws RoundscopeError `data_missing`, `data_invalid`, `data_too_large`, `model_invalid`, `model_unfit` */
export async function planRun(start: CoordinatorStart, signal: AbortSignal): Promise<PlannedRun> {
  const { hash } = modelCodec;
  const plan = await planFederation(start.data, {
    signal,
    seed: start.settings.seed,
    batchSize: start.settings.batchSize,
    model: start.model === undefined ? undefined : { path: start.model, hash },
  });
  const { batchSize, learningRate, optimizer } = plan.defaults;
  const { settings, startFrom } = start;
  const about = { layout: plan.parameters, classes: plan.classes };
  const startModel = startFrom === undefined ? null : await readStartModel(startFrom, about);
  return {
    settings: {
      ...settings,
      batchSize: settings.batchSize ?? batchSize,
      learningRate: settings.learningRate ?? learningRate,
      optimizer: settings.optimizer ?? optimizer,
    },
    model: plan.model,
    graph: plan.graph,
    initialParameters: startModel?.parameters ?? plan.parameters,
    baselineAccuracy: plan.baselineAccuracy,
    classes: plan.classes,
    loaded: plan.loaded,
    ...(startModel === null ? {} : { startModel }),
  };
}
