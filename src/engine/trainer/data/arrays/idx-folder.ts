import { basename, join } from 'node:path';
import { dataError } from '#engine/trainer/errors.ts';
import type { Dataset, LoadedData } from '../dataset.ts';
import { finishLabelled } from '../labelled-images.ts';
import type { ImageFolderOptions } from '../images/image-folder.ts';
import { readIdx } from './idx.ts';

interface Pair {
  readonly images: string;
  readonly labels: string;
}

const imagesName = /^(.*?)[-_.]?images[-_.]idx3[-_.]ubyte(\.gz)?$/i;
const labelsName = /^(.*?)[-_.]?labels[-_.]idx1[-_.]ubyte(\.gz)?$/i;
const testNames = /t10k|test|valid/i;

/** Whether a file is called as one of a pair. */
export function isIdxName(name: string): boolean {
  return imagesName.test(name) || labelsName.test(name);
}

/**
 * Of a folder's file names those that make a pair with this one.
 * @throws RoundscopeError `data_invalid` when its name does not say what it is
 */
export function idxNamesBeside(file: string, names: readonly string[]): string[] {
  const prefixOf = (name: string): string | undefined => (imagesName.exec(name) ?? labelsName.exec(name))?.[1];
  const prefix = prefixOf(file);
  if (prefix === undefined)
    throw dataError(
      'data_invalid',
      `${file} is an IDX file. Pictures and labels are found by their names: x-images-idx3-ubyte beside x-labels-idx1-ubyte.`,
    );
  const beside = names.filter((name) => prefixOf(name) === prefix);
  if (!beside.some((name) => imagesName.test(name)))
    throw dataError('data_invalid', `${file} has no images beside it, such as ${prefix}-images-idx3-ubyte.gz.`);
  return beside;
}

/** Pairs of IDX files among a folder's file names, training first; empty when there are none. */
export function findIdxPairs(names: readonly string[]): Pair[] {
  const pairs: Pair[] = [];
  for (const images of [...names].sort()) {
    const prefix = imagesName.exec(images)?.[1];
    if (prefix === undefined) continue;
    const labels = names.find((name) => labelsName.exec(name)?.[1] === prefix);
    if (labels === undefined) {
      throw dataError('data_invalid', `${images} has no labels beside it, such as ${prefix}-labels-idx1-ubyte.gz.`);
    }
    // The same file once packed and once unpacked counts once.
    if (!pairs.some((pair) => imagesName.exec(pair.images)?.[1] === prefix)) pairs.push({ images, labels });
  }
  return pairs.sort((a, b) => Number(testNames.test(a.images)) - Number(testNames.test(b.images)));
}

/**
 * Loads a folder of IDX files: one pair is split by seed later, of two the one named `t10k`, `test` or `valid` is the
 * test set.
 * @param maxValue the byte that stands for white
 * @throws RoundscopeError `data_invalid`, `data_missing` or `data_too_large`
 */
export async function loadIdxFolder(
  folder: string,
  names: readonly string[],
  options: ImageFolderOptions & { readonly maxValue?: number; readonly source?: string },
): Promise<LoadedData> {
  const { signal, maxValue = 255, source = basename(folder), fit, preview } = options;
  const pairs = findIdxPairs(names);
  const [first, second] = pairs;
  if (!first || pairs.length > 2 || (second && !testNames.test(second.images))) {
    const found = pairs.map(({ images }) => images).join(', ');
    throw dataError('data_invalid', `${folder} must hold one pair of IDX files, or train and t10k; found: ${found}.`);
  }
  const training = await loadPair(folder, first, signal);
  const test = second ? await loadPair(folder, second, signal) : undefined;
  if (test && (test.height !== training.height || test.width !== training.width)) {
    throw dataError(
      'data_invalid',
      `${folder}: training images are ${training.height}x${training.width}, test images ${test.height}x${test.width}.`,
    );
  }
  const labels = Uint16Array.from([...training.labels, ...(test?.labels ?? [])]);
  const all: Dataset = {
    source,
    shape: [1, training.height, training.width],
    classes: classNames(labels),
    pixels: test ? joinBytes(training.pixels, test.pixels) : training.pixels,
    maxValue,
    labels,
  };
  const testFrom = test ? training.labels.length : undefined;
  return finishLabelled({ all, testFrom, path: folder }, { fit, preview });
}

/** Labels are numbers, so classes are named by them: those from 0 to the largest. */
function classNames(labels: Uint16Array): string[] {
  const classes = labels.reduce((max, label) => Math.max(max, label), 0) + 1;
  return Array.from({ length: classes }, (_, i) => String(i));
}

interface RawPair {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

async function loadPair(folder: string, pair: Pair, signal: AbortSignal): Promise<RawPair> {
  const images = await readIdx(join(folder, pair.images), { rank: 3, signal });
  const labels = await readIdx(join(folder, pair.labels), { rank: 1, signal });
  const [count, height, width] = images.shape as [number, number, number];
  if (count === 0) throw dataError('data_invalid', `${join(folder, pair.images)} holds no images.`);
  if (labels.shape[0] !== count) {
    throw dataError('data_invalid', `${join(folder, pair.images)} has ${count} images, but ${labels.shape[0]} labels.`);
  }
  return { pixels: images.data, labels: labels.data, height, width };
}

function joinBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
