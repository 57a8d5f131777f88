import { assert } from '#shared/base/assert.ts';
import { seededRandom, type Random } from '#shared/base/random.ts';
import { dataError } from '../errors.ts';
import { countClasses, exampleCount, selectExamples, type Dataset, type LoadedData } from './dataset.ts';
import { dirichlet } from './images/gamma.ts';
import type { SplitSpec } from '#shared/contract/run/split.ts';

/** Held out of each class for evaluation, unless the data set's author has chosen a test set. */
const heldOutShare = 0.2;

export interface PartitionOptions {
  readonly participants: number;
  readonly split: SplitSpec;
  readonly seed: number;
}

/** One participant's examples. `heldOut` is its part of the held-out set: all parts together are the whole set. */
export interface Share {
  readonly training: Dataset;
  readonly heldOut: Dataset;
}

/** Indices of each participant's examples, each in ascending order; together every example exactly once. */
export interface Partition {
  readonly training: readonly Uint32Array[];
  readonly heldOut: readonly Uint32Array[];
}

/**
 * Divides examples among participants; every participant computes the same division from the same seed and takes its
 * own part. Held-out examples are dealt evenly, so that the mean of the participants' accuracies, weighted by
 * examples, is the accuracy on the whole held-out set.
 * @throws RoundscopeError `data_invalid` when there are not enough examples for everybody
 */
export function partitionExamples(data: LoadedData, options: PartitionOptions): Partition {
  const { participants, split, seed } = options;
  const random = seededRandom(seed).fork('partition');
  const { labels, classes } = data.all;
  const { training, heldOut } = splitHeldOut(data, random.fork('held-out'));
  if (training.length < participants || heldOut.length < participants) {
    throw dataError(
      'data_invalid',
      `${data.all.source} has ${training.length} training and ${heldOut.length} held-out examples, too few for ` +
        `${participants} participants. Use fewer participants or more images.`,
      { context: { examples: labels.length, participants } },
    );
  }
  const pools = poolByClass(training, labels, classes.length);
  pools.forEach((pool, label) => random.fork(`order-${label}`).shuffle(pool));
  return {
    training:
      split.kind === 'iid'
        ? deal(pools.flat(), participants)
        : dealByMix(pools, { participants, alpha: split.alpha, random: random.fork('mix') }),
    heldOut: deal(heldOut, participants),
  };
}

/** What participant `index` of the partition trains on and evaluates on. */
export function takeShare(data: LoadedData, options: PartitionOptions & { readonly index: number }): Share {
  assert(options.index >= 0 && options.index < options.participants, 'participant outside of the partition');
  const partition = partitionExamples(data, options);
  return {
    training: selectExamples(data.all, partition.training[options.index] as Uint32Array),
    heldOut: selectExamples(data.all, partition.heldOut[options.index] as Uint32Array),
  };
}

/** Per participant: examples of each class, for the picture of a split. */
export function shareHistograms(data: LoadedData, options: PartitionOptions): number[][] {
  const { labels, classes } = data.all;
  return partitionExamples(data, options).training.map((indices) =>
    countClasses(
      Array.from(indices, (index) => labels[index] as number),
      classes.length,
    ),
  );
}

/** Both lists are ordered by class, so that dealing them one by one is stratified. */
function splitHeldOut(data: LoadedData, random: Random): { training: number[]; heldOut: number[] } {
  const { labels, classes } = data.all;
  const indices = Array.from({ length: exampleCount(data.all) }, (_, i) => i);
  const training: number[] = [];
  const heldOut: number[] = [];
  if (data.testFrom !== undefined) {
    const from = data.testFrom;
    training.push(...poolByClass(indices.slice(0, from), labels, classes.length).flat());
    heldOut.push(...poolByClass(indices.slice(from), labels, classes.length).flat());
    return { training, heldOut };
  }
  for (const pool of poolByClass(indices, labels, classes.length)) {
    random.shuffle(pool);
    // A class of one example can only be trained on; any larger one is also checked.
    const held = heldOutOf(pool.length);
    heldOut.push(...pool.slice(0, held));
    training.push(...pool.slice(held));
  }
  return { training, heldOut };
}

/** Examples held out of a class of so many. */
export function heldOutOf(count: number): number {
  return count < 2 ? 0 : Math.max(1, Math.round(count * heldOutShare));
}

function poolByClass(indices: readonly number[], labels: ArrayLike<number>, classes: number): number[][] {
  const pools = Array.from({ length: classes }, (): number[] => []);
  for (const index of indices) pools[labels[index] as number]?.push(index);
  return pools;
}

/** One by one in turn, so that sizes differ by one at most and a list ordered by class is dealt stratified. */
function deal(indices: readonly number[], participants: number): Uint32Array[] {
  const hands = Array.from({ length: participants }, (): number[] => []);
  indices.forEach((index, i) => hands[i % participants]?.push(index));
  return hands.map((hand) => Uint32Array.from(hand).sort());
}

/**
 * Hsu et al. 2019, arXiv:1909.06335, section 3.1: each participant has a mix of classes drawn from a Dirichlet
 * distribution around the whole set's and takes its examples by that mix; all have as many examples. `alpha` is the
 * concentration per class of an even set, the convention of most later work. Participants draw in turn rather than one
 * after the other, so that the classes which run out do so for everybody alike.
 */
function dealByMix(
  pools: readonly number[][],
  options: { readonly participants: number; readonly alpha: number; readonly random: Random },
): Uint32Array[] {
  const { participants, alpha, random } = options;
  const rest = pools.map((pool) => [...pool]);
  const total = rest.reduce((sum, pool) => sum + pool.length, 0);
  const present = rest.map((pool, label) => ({ label, count: pool.length })).filter(({ count }) => count > 0);
  const concentrations = present.map(({ count }) => (alpha * present.length * count) / total);
  const mixes = Array.from({ length: participants }, (_, participant) => {
    const mix = new Array<number>(pools.length).fill(0);
    dirichlet(concentrations, random.fork(`participant-${participant}`)).forEach((share, i) => {
      mix[(present[i] as { label: number }).label] = share;
    });
    return mix;
  });
  const hands = Array.from({ length: participants }, (): number[] => []);
  for (let drawn = 0; drawn < total; drawn++) {
    const turn = drawn % participants;
    const label = drawClass(mixes[turn] as number[], rest, random);
    hands[turn]?.push(rest[label]?.pop() as number);
  }
  return hands.map((hand) => Uint32Array.from(hand).sort());
}

/** A class by the mix, among those that are left; the fullest one when the mix holds none of them. */
function drawClass(mix: readonly number[], rest: readonly number[][], random: Random): number {
  const weights = mix.map((share, label) => ((rest[label] as number[]).length > 0 ? share : 0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let fullest = 0;
  for (let label = 1; label < rest.length; label++) {
    if ((rest[label] as number[]).length > (rest[fullest] as number[]).length) fullest = label;
  }
  let left = random.next() * sum;
  if (!(sum > 0)) return fullest;
  for (let label = 0; label < weights.length; label++) {
    left -= weights[label] as number;
    if (left < 0 && (weights[label] as number) > 0) return label;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
