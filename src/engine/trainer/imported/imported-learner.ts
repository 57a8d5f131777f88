import { copyParameters, type ParameterLayout, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { elementCount, float32Tensor } from '#shared/tensor/tensor.ts';
import { logProbabilitiesOf, type Batch } from '../batches.ts';
import type { GraphCache } from '../graph-cache.ts';
import type { Learner, StepSettingsOf, Training } from '../learner.ts';
import type { GraphInput, GraphSession } from '../runtime.ts';
import { evaluationGraph, logProbabilitiesName } from '../step/evaluation-graph.ts';
import { scalarsOf, slotsOf, type OptimizerSettings } from '../step/optimizers.ts';
import { stepGraph, stepNames } from '../step/step-graph.ts';
import { settingsOf, type Classifier } from './classifier.ts';

/** A network from elsewhere: a step of it is one graph, with its optimizer in it. */
export class ImportedLearner implements Learner {
  /** Batch normalization sees all rows of a batch, so they are all examples. */
  readonly filling = 'examples';
  readonly evaluationBatchSize: number;
  readonly #classifier: Classifier;
  readonly #key: string;

  /** @param options.key what tells it from others, such as its hash */
  constructor(classifier: Classifier, options: { readonly key: string; readonly batchSize: number }) {
    this.#classifier = classifier;
    this.#key = options.key;
    // Evaluation keeps nothing for a way back.
    this.evaluationBatchSize = Math.min(64, 2 * options.batchSize);
  }

  get config(): Learner['config'] {
    return this.#classifier.config;
  }

  get layout(): ParameterLayout {
    return this.#classifier.network.tensors;
  }

  async beginTraining(before: ParameterSet, job: StepSettingsOf, graphs: GraphCache): Promise<Training> {
    const { network } = this.#classifier;
    const settings = settingsOf(job);
    const key = `${this.#key} ${JSON.stringify(settings)}`;
    const session = await graphs.open('train', key, () => stepGraph(network, settings).model);
    return new ImportedTraining(session, this.#classifier, { before, job, optimizer: settings.optimizer });
  }

  async beginEvaluation(
    parameters: ParameterSet,
    graphs: GraphCache,
  ): Promise<(batch: Batch) => Promise<Float32Array>> {
    const { network } = this.#classifier;
    const { evaluationBatchSize: rows } = this;
    const session = await graphs.open('evaluate', `${this.#key} ${rows}`, () => evaluationGraph(network, rows));
    const feeds = Object.fromEntries(
      parameters.map(({ name, shape, data }): [string, GraphInput] => [stepNames.parameter(name), { shape, data }]),
    );
    return async ({ images }) => {
      const input = { data: images, shape: [rows, ...network.inputShape] };
      const outputs = await session.run({ ...feeds, [stepNames.input]: input });
      return outputs[logProbabilitiesName] as Float32Array;
    };
  }
}

interface Start {
  readonly before: ParameterSet;
  readonly job: StepSettingsOf;
  readonly optimizer: OptimizerSettings;
}

class ImportedTraining implements Training {
  readonly #session: GraphSession;
  readonly #classifier: Classifier;
  readonly #start: Start;
  /** Parameters, running statistics and what the optimizer keeps, by the names of the graph's inputs. */
  readonly #state = new Map<string, GraphInput>();
  #steps = 0;

  constructor(session: GraphSession, classifier: Classifier, start: Start) {
    this.#session = session;
    this.#classifier = classifier;
    this.#start = start;
    for (const { name, shape, data } of copyParameters(start.before))
      this.#state.set(stepNames.parameter(name), { shape, data });
    const { tensors, trained } = classifier.network;
    const trains = new Set(trained);
    for (const { name, shape } of tensors.filter((tensor) => trains.has(tensor.name)))
      for (const slot of slotsOf(start.optimizer))
        this.#state.set(stepNames.slot(slot, name), { shape, data: new Float32Array(elementCount(shape)) });
  }

  get parameters(): ParameterSet {
    return this.#classifier.network.tensors.map(({ name, shape }) => {
      const held = this.#state.get(stepNames.parameter(name)) as GraphInput;
      return float32Tensor(name, shape, held.data);
    });
  }

  async step({ images, targets, labels, count }: Batch): Promise<Float32Array> {
    const { job, optimizer } = this.#start;
    const { network, config } = this.#classifier;
    const rows = labels.length;
    const weights = new Float32Array(rows).fill(1 / count, 0, count);
    const feeds: Record<string, GraphInput> = {
      ...Object.fromEntries(this.#state),
      [stepNames.input]: { data: images, shape: [rows, ...network.inputShape] },
      [stepNames.targets]: { data: targets, shape: [rows, config.numClasses] },
      [stepNames.weights]: { data: weights, shape: [rows] },
    };
    const scalars = scalarsOf(optimizer, job.learningRate, ++this.#steps);
    for (const [name, value] of Object.entries(scalars)) feeds[name] = { data: Float32Array.of(value), shape: [] };
    const outputs = await this.#session.run(feeds);
    for (const [name, { shape }] of this.#state) {
      const data = outputs[stepNames.next(name)];
      if (data !== undefined) this.#state.set(name, { shape, data });
    }
    return logProbabilitiesOf(outputs[stepNames.output] as Float32Array, config.numClasses);
  }
}
