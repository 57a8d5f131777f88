import { assert } from '#shared/base/assert.ts';
import type { ImageShape } from '../model/default-models.ts';
import type { ChosenClass, MappedClass } from './class-mapping.ts';
import type { LoadNotes } from './load-notes.ts';

/**
 * Labelled images in memory. Pixels stay bytes until a batch is made: as float32 the MNIST digits would take 188 MB in
 * each of the demo's processes instead of 47.
 */
export interface Dataset {
  /** Where it came from, for people: `digits`, or a folder's name. */
  readonly source: string;
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  /** uint8 [examples, channels, height, width]. */
  readonly pixels: Uint8Array;
  /** The byte that stands for white; a model sees pixel / maxValue, 0 to 1. */
  readonly maxValue: number;
  /** Index into `classes` for each example. */
  readonly labels: Uint16Array;
}

/** What a loader returns: one set that is to be split, or the two that its author has split already. */
export interface LoadedData {
  readonly all: Dataset;
  /** Examples of `all` from here on are the author's test set; absent: split by seed. */
  readonly testFrom: number | undefined;
  /** Files or rows that should be images and could not be read. */
  readonly skipped: number;
  /** The same by what was wrong with them, where that is known. */
  readonly damaged?: LoadNotes['leftOut'];
  readonly notes: LoadNotes;
  /** Its classes as they are named in the folder, in order, with the images that were found of each. */
  readonly own: readonly OwnClass[];
  /** Images that were counted and not read, since the patience of a preview had an end. */
  readonly unread: number;
}

export interface OwnClass extends MappedClass {
  readonly count: number;
}

/** What a run asks of data; what is absent is as the data itself has it. */
export interface DataFit {
  readonly classes?: readonly string[] | undefined;
  /** [channels, height, width] of its images. */
  readonly shape?: ImageShape | undefined;
  /** What names alone do not say. */
  readonly mapping?: readonly ChosenClass[] | undefined;
}

export function imageSize(dataset: Pick<Dataset, 'shape'>): number {
  const [channels, height, width] = dataset.shape;
  return channels * height * width;
}

export function exampleCount(dataset: Pick<Dataset, 'labels'>): number {
  return dataset.labels.length;
}

/** A data set of its own memory that holds the given examples in the given order. */
export function selectExamples(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const size = imageSize(dataset);
  const pixels = new Uint8Array(indices.length * size);
  const labels = new Uint16Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    assert(index < dataset.labels.length, `example ${index} of ${dataset.labels.length}`);
    pixels.set(dataset.pixels.subarray(index * size, (index + 1) * size), i * size);
    labels[i] = dataset.labels[index] as number;
  }
  return { ...dataset, pixels, labels };
}

/** Examples per class, in the order of `classes`. */
export function countClasses(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}
