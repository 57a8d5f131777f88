import { assert } from '#shared/base/assert.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { DataSummary } from '#shared/contract/messages.ts';
import { countClasses, exampleCount, type LoadedData } from '../data/dataset.ts';
import { describeData, type PreparedData } from '../data/describe-data.ts';
import { loadData } from '../data/load-data.ts';
import { takeShare, type Share } from '../data/partition.ts';
import { parseSplit } from '#shared/contract/run/split.ts';
import { dataError, trainerError } from '../errors.ts';
import { GraphCache } from '../graph-cache.ts';
import { requireClassifier } from '../imported/classifier.ts';
import { ImportedLearner } from '../imported/imported-learner.ts';
import { readNetwork } from '../imported/network-file.ts';
import { stepPace } from '../step-pace.ts';
import { StepGate } from '../step-gate.ts';
import type { Learner } from '../learner.ts';
import { evaluateInline, trainInline } from '../train-inline.ts';
import type {
  EvalResult,
  EvaluateJob,
  OpenedGraph,
  OpenGraphJob,
  TrainJob,
  TrainProgress,
  TrainResult,
} from '../training-jobs.ts';
import type { TrainerSetup } from './worker-protocol.ts';

interface RunOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

/** Seed of the split into training and held-out examples when all data is the participant's own. */
const ownSplitSeed = 0;

/** What the worker does, without the thread around it: holds the share and the open graphs, and can stand still. */
export class JobRunner implements AsyncDisposable {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  readonly #graphs: GraphCache;
  #share: Share | undefined;
  #imported: { readonly hash: string; readonly learner: ImportedLearner } | undefined;
  #trainingMs = 0;
  #thawed: PromiseWithResolvers<void> | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>, gate = new StepGate()) {
    this.#clock = clock;
    this.#graphs = new GraphCache(gate);
  }

  async prepare(setup: TrainerSetup, { signal }: RunOptions): Promise<PreparedData> {
    const share = setup.share ?? { index: 0, participants: 1, split: 'iid', seed: ownSplitSeed };
    const split = parseSplit(share.split);
    if (!split.ok) throw dataError('data_invalid', split.error);
    const data = await loadData(setup.data, { signal, fit: setup.fit });
    this.#trainingMs = setup.trainingMs ?? 0;
    // Only the own share is kept; the rest of the data set goes with this call.
    this.#share = takeShare(data, { ...share, split: split.value });
    return describeData(data, summarize(data, this.#share));
  }

  /**
   * Reads and differentiates a network that came from elsewhere; it is the one that jobs name by its hash from then on.
   * @throws GraphFault with the node at fault
   */
  openGraph({ file, model, ...step }: OpenGraphJob): OpenedGraph {
    const classifier = requireClassifier(readNetwork(file), step);
    const { config, network } = classifier;
    const [own, told] = [config, model].map(
      ({ inputShape, numClasses }) => `${inputShape.join(' × ')} to ${numClasses}`,
    );
    if (own !== told)
      throw trainerError('model_invalid', `The network maps ${own ?? ''}, not ${told ?? ''}, as was said.`);
    const { batchSize } = step;
    this.#imported = {
      hash: model.graph.hash,
      learner: new ImportedLearner(classifier, { key: model.graph.hash, batchSize }),
    };
    return { layout: network.tensors };
  }

  async train(job: TrainJob, options: RunOptions): Promise<TrainResult> {
    const share = this.#requireShare();
    const steps = Math.ceil(exampleCount(share.training) / job.batchSize) * job.localEpochs;
    const pace = stepPace(this.#clock, this.#trainingMs, steps);
    return trainInline(share, job, {
      clock: this.#clock,
      graphs: this.#graphs,
      learner: this.#learnerOf(job),
      ...options,
      beforeStep: async () => {
        await pace(options.signal);
        await this.#untilThawed(options.signal);
      },
    });
  }

  async evaluate(job: EvaluateJob, { signal }: RunOptions): Promise<EvalResult> {
    return evaluateInline(this.#requireShare(), job, {
      graphs: this.#graphs,
      learner: this.#learnerOf(job),
      signal,
    });
  }

  /** Steps stop before the next one; everything else goes on. */
  freeze(): void {
    this.#thawed ??= Promise.withResolvers();
  }

  thaw(): void {
    this.#thawed?.resolve();
    this.#thawed = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#share = undefined;
    await this.#graphs[Symbol.asyncDispose]();
  }

  async #untilThawed(signal: AbortSignal): Promise<void> {
    while (this.#thawed && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      signal.addEventListener('abort', wake, { once: true });
      await Promise.race([this.#thawed.promise, promise]);
      signal.removeEventListener('abort', wake);
    }
  }

  /** Undefined: its layers say all there is to it. */
  #learnerOf({ model }: Pick<TrainJob, 'model'>): Learner | undefined {
    if (model.graph === undefined) return undefined;
    const imported = this.#imported;
    assert(imported?.hash === model.graph.hash, 'a network is opened before it is trained');
    return imported.learner;
  }

  #requireShare(): Share {
    assert(this.#share, 'train and evaluate come after prepare');
    return this.#share;
  }
}

function summarize(data: LoadedData, { training, heldOut }: Share): DataSummary {
  return {
    source: training.source.slice(0, 500),
    examples: exampleCount(training),
    heldOut: exampleCount(heldOut),
    shape: [...training.shape],
    classes: [...training.classes],
    classCounts: countClasses(training.labels, training.classes.length),
    skipped: data.skipped,
  };
}
