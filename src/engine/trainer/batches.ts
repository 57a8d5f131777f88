import type { Random } from '#shared/base/random.ts';
import { exampleCount, imageSize, type Dataset } from './data/dataset.ts';

/** One batch as the graphs take it; rows beyond `count` are zeros with the weight 0. The arrays are reused. */
export interface Batch {
  readonly images: Float32Array;
  readonly targets: Float32Array;
  readonly labels: Uint16Array;
  readonly count: number;
}

/** Cuts a data set into batches of one size, filling the same arrays again and again. */
export class BatchReader {
  readonly #dataset: Dataset;
  readonly #batchSize: number;
  readonly #numClasses: number;
  readonly #images: Float32Array;
  readonly #targets: Float32Array;
  readonly #labels: Uint16Array;

  constructor(dataset: Dataset, options: { readonly batchSize: number; readonly numClasses: number }) {
    this.#dataset = dataset;
    this.#batchSize = options.batchSize;
    this.#numClasses = options.numClasses;
    this.#images = new Float32Array(options.batchSize * imageSize(dataset));
    this.#targets = new Float32Array(options.batchSize * options.numClasses);
    this.#labels = new Uint16Array(options.batchSize);
  }

  get batches(): number {
    return Math.ceil(exampleCount(this.#dataset) / this.#batchSize);
  }

  /** Examples `order[index * batchSize]` and following; without an order, as they lie. */
  read(index: number, order?: Uint32Array): Batch {
    const size = imageSize(this.#dataset);
    const { pixels, maxValue, labels } = this.#dataset;
    const start = index * this.#batchSize;
    const count = Math.min(this.#batchSize, labels.length - start);
    this.#images.fill(0);
    this.#targets.fill(0);
    for (let row = 0; row < count; row++) {
      const example = order ? (order[start + row] as number) : start + row;
      const from = example * size;
      for (let i = 0; i < size; i++) this.#images[row * size + i] = (pixels[from + i] as number) / maxValue;
      const label = labels[example] as number;
      this.#targets[row * this.#numClasses + label] = 1 / count;
      this.#labels[row] = label;
    }
    return { images: this.#images, targets: this.#targets, labels: this.#labels, count };
  }
}

export function shuffledOrder(examples: number, random: Random): Uint32Array {
  return Uint32Array.from(random.shuffle(Array.from({ length: examples }, (_, i) => i)));
}

/** Sums over a batch's real rows, from log probabilities [rows, classes]. */
export function scoreBatch(logProbabilities: Float32Array, batch: Batch): { lossSum: number; correct: number } {
  const classes = batch.targets.length / batch.labels.length;
  let lossSum = 0;
  let correct = 0;
  for (let row = 0; row < batch.count; row++) {
    const from = row * classes;
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((logProbabilities[from + c] as number) > (logProbabilities[from + best] as number)) best = c;
    }
    const label = batch.labels[row] as number;
    lossSum -= logProbabilities[from + label] as number;
    if (best === label) correct++;
  }
  return { lossSum, correct };
}
