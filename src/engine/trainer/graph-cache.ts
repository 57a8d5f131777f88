import { limits } from '#shared/contract/limits.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import { stepBytes } from './defaults.ts';
import { trainerError } from './errors.ts';
import { evaluationGraph, trainingGraph } from './graph/model-graph.ts';
import { planModel, type ModelPlan } from './model/model-plan.ts';
import { openGraph, type GraphSession } from './runtime.ts';
import { StepGate } from './step-gate.ts';

/** Plans a model that the coordinator has named. @throws RoundscopeError `model_invalid` */
export function requirePlan(config: ModelConfig): ModelPlan {
  const plan = planModel(config);
  if (!plan.ok) {
    throw trainerError('model_invalid', `The coordinator's model cannot be built: ${plan.error}.`);
  }
  return plan.value;
}

/**
 * A model that no machine here could train is refused before data is read for it.
 * @throws RoundscopeError `model_invalid`
 */
export function requireMemory(plan: ModelPlan, batchSize: number): void {
  const bytes = stepBytes(plan, batchSize);
  if (bytes <= limits.trainingStepBytesMax) return;
  throw trainerError(
    'model_invalid',
    `A step of this model with batches of ${batchSize} would need about ${Math.ceil(bytes / 2 ** 20)} MiB. ` +
      `Use smaller batches, smaller images or fewer filters.`,
    { context: { batchSize, parameters: plan.parameterCount } },
  );
}

/** One open graph per purpose: a run keeps its model and batch size, so a longer memory would only hold what is stale. */
export class GraphCache implements AsyncDisposable {
  readonly #gate: StepGate;
  readonly #open = new Map<'train' | 'evaluate', { readonly key: string; readonly session: GraphSession }>();

  constructor(gate = new StepGate()) {
    this.#gate = gate;
  }

  async training(plan: ModelPlan, batchSize: number): Promise<GraphSession> {
    return this.open('train', keyOf(plan, batchSize), () => {
      requireMemory(plan, batchSize);
      return trainingGraph(plan, batchSize);
    });
  }

  async evaluation(plan: ModelPlan, batchSize: number): Promise<GraphSession> {
    return this.open('evaluate', keyOf(plan, batchSize), () => {
      requireMemory(plan, batchSize);
      return evaluationGraph(plan, batchSize);
    });
  }

  /** @param key the same for the same graph */
  async open(purpose: 'train' | 'evaluate', key: string, build: () => Uint8Array): Promise<GraphSession> {
    const held = this.#open.get(purpose);
    if (held?.key === key) return held.session;
    const graph = build();
    this.#open.delete(purpose);
    await held?.session[Symbol.asyncDispose]();
    const session = await openGraph(graph, this.#gate);
    this.#open.set(purpose, { key, session });
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = [...this.#open.values()];
    this.#open.clear();
    for (const { session } of sessions) await session[Symbol.asyncDispose]();
  }
}

function keyOf({ config }: ModelPlan, batchSize: number): string {
  return `${batchSize} ${JSON.stringify(config)}`;
}
