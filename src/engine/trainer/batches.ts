import type { Random } from '#shared/base/random.ts';
import { exampleCount, imageSize, type Dataset } from './data/dataset.ts';

/** What stands in rows beyond the examples of a batch, whose weight is 0: zeros, or examples from the beginning of the order. */
export type RowFilling = 'zeros' | 'examples';

/** One batch as the graphs take it; rows beyond `count` have the weight 0. The arrays are reused. */
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
  readonly #filling: RowFilling;
  readonly #images: Float32Array;
  readonly #targets: Float32Array;
  readonly #labels: Uint16Array;

  constructor(
    dataset: Dataset,
    options: { readonly batchSize: number; readonly numClasses: number; readonly filling?: RowFilling },
  ) {
    this.#dataset = dataset;
    this.#filling = options.filling ?? 'zeros';
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
    const { labels } = this.#dataset;
    const start = index * this.#batchSize;
    const count = Math.min(this.#batchSize, labels.length - start);
    const rows = this.#filling === 'examples' ? this.#batchSize : count;
    this.#images.fill(0);
    this.#targets.fill(0);
    for (let row = 0; row < rows; row++) {
      const place = (start + row) % labels.length;
      const example = order ? (order[place] as number) : place;
      this.#readImage(row, example);
      if (row >= count) continue;
      const label = labels[example] as number;
      this.#targets[row * this.#numClasses + label] = 1 / count;
      this.#labels[row] = label;
    }
    return { images: this.#images, targets: this.#targets, labels: this.#labels, count };
  }

  #readImage(row: number, example: number): void {
    const size = imageSize(this.#dataset);
    const { pixels, maxValue } = this.#dataset;
    const from = example * size;
    for (let i = 0; i < size; i++) this.#images[row * size + i] = (pixels[from + i] as number) / maxValue;
  }
}

/** Log of softmax, row by row, for graphs that give what stands before it; in float64, so that a large number overflows nothing. */
export function logProbabilitiesOf(logits: Float32Array, classes: number): Float32Array {
  const found = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += classes) {
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[from + c] as number);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp((logits[from + c] as number) - largest);
    const shift = largest + Math.log(sum);
    for (let c = 0; c < classes; c++) found[from + c] = (logits[from + c] as number) - shift;
  }
  return found;
}

export function shuffledOrder(examples: number, random: Random): Uint32Array {
  return Uint32Array.from(random.shuffle(Array.from({ length: examples }, (_, i) => i)));
}

/**
 * Sums over a batch's real rows, from log probabilities [rows, classes]. Each answer is counted into `confusion`, row by row
 * of the true class, where that is given.
 */
export function scoreBatch(
  logProbabilities: Float32Array,
  batch: Batch,
  confusion?: number[],
): { lossSum: number; correct: number } {
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
    if (confusion !== undefined) confusion[label * classes + best] = (confusion[label * classes + best] ?? 0) + 1;
  }
  return { lossSum, correct };
}
