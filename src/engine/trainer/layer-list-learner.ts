import type { LayerListModel } from '#shared/contract/run/model-config.ts';
import { copyParameters, type ParameterLayout, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { Batch } from './batches.ts';
import { evaluationBatchSize } from './defaults.ts';
import type { GraphCache } from './graph-cache.ts';
import { edges, gradientName } from './graph/model-graph.ts';
import type { Learner, StepSettingsOf, Training } from './learner.ts';
import type { ModelPlan } from './model/model-plan.ts';
import { makeOptimizer } from './optimizer/make-optimizer.ts';
import type { GraphInput } from './runtime.ts';

/** A list of layers: its graphs give gradients, and the optimizer steps outside them. */
export class LayerListLearner implements Learner {
  readonly filling = 'zeros';
  readonly #plan: ModelPlan;

  constructor(plan: ModelPlan) {
    this.#plan = plan;
  }

  get config(): LayerListModel {
    return this.#plan.config;
  }

  get layout(): ParameterLayout {
    return this.#plan.layout;
  }

  get evaluationBatchSize(): number {
    return evaluationBatchSize(this.#plan);
  }

  async beginTraining(before: ParameterSet, job: StepSettingsOf, graphs: GraphCache): Promise<Training> {
    const session = await graphs.training(this.#plan, job.batchSize);
    const parameters = copyParameters(before);
    const optimizer = makeOptimizer(job.optimizer, { layout: this.layout, learningRate: job.learningRate });
    return {
      parameters,
      step: async (batch) => {
        const outputs = await session.run({ ...this.#feeds(parameters, batch), [edges.targets]: this.#targets(batch) });
        optimizer.beginStep();
        for (const [i, { name, data }] of parameters.entries())
          optimizer.update(i, data, outputs[gradientName(name)] as Float32Array);
        return outputs[edges.logProbabilities] as Float32Array;
      },
    };
  }

  async beginEvaluation(
    parameters: ParameterSet,
    graphs: GraphCache,
  ): Promise<(batch: Batch) => Promise<Float32Array>> {
    const session = await graphs.evaluation(this.#plan, this.evaluationBatchSize);
    return async (batch) => {
      const outputs = await session.run(this.#feeds(parameters, batch));
      return outputs[edges.logProbabilities] as Float32Array;
    };
  }

  #targets({ labels, targets }: Batch): GraphInput {
    return { data: targets, shape: [labels.length, this.config.numClasses] };
  }

  #feeds(parameters: ParameterSet, { labels, images }: Batch): Record<string, GraphInput> {
    const feeds: Record<string, GraphInput> = {
      [edges.images]: { data: images, shape: [labels.length, ...this.config.inputShape] },
    };
    for (const { name, data, shape } of parameters) feeds[name] = { data, shape };
    return feeds;
  }
}
