import type { WeightRule } from '#shared/contract/run/weight-rule.ts';

export interface Trained {
  readonly parameters: Float32Array;
  /** Those that count. */
  readonly examples: number;
}

/**
 * The weighted mean under a rule once more, written differently.
 * @returns `plain`: the rule changed nothing, so the model has to be the same to the last bit
 */
export function averageByHand(
  base: Float32Array,
  updates: readonly Trained[],
  { weightCap, normClip }: WeightRule,
): { readonly model: Float32Array; readonly plain: boolean } {
  const weights = underCap(
    updates.map(({ examples }) => examples),
    weightCap,
  );
  const clipped = bounded(
    updates.map(({ parameters }) => parameters),
    base,
    normClip,
  );
  const counted = weightCap === null || normClip === null ? clipped : outvoted(clipped, base, weights);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const model = base.map(
    (_, i) => counted.reduce((sum, parameters, k) => sum + parameters[i]! * weights[k]!, 0) / total,
  );
  const plain = updates.every((one, k) => one.parameters === counted[k] && one.examples === weights[k]);
  return { model, plain };
}

/** What a bound rounds differently goes on through the rounds that follow. */
export function isNear(one: Float32Array, other: Float32Array): boolean {
  return one.every((value, i) => Math.abs(value - other[i]!) < 1e-6);
}

/** The highest ceiling under which nobody has more than the cap, found by halving. */
function underCap(examples: readonly number[], cap: number | null): readonly number[] {
  const most = Math.max(...examples);
  const under = (ceiling: number): number[] => examples.map((own) => Math.min(own, ceiling));
  const fits = (ceiling: number): boolean => {
    const total = under(ceiling).reduce((sum, own) => sum + own, 0);
    const own = Math.min(most, ceiling);
    return cap === null || (own <= (cap / examples.length) * total && (examples.length < 3 || own <= total / 2));
  };
  if (fits(most)) return examples;
  let [low, high] = [0, most];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return under(low);
}

/** Each no further from the base than so many times the one in the middle. */
function bounded(
  updates: readonly Float32Array[],
  base: Float32Array,
  clip: number | null,
): readonly (Float32Array | Float64Array)[] {
  const norms = updates.map((update) => Math.hypot(...update.map((value, i) => value - base[i]!)));
  const sorted = norms.toSorted((a, b) => a - b);
  const middle = (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
  return updates.map((update, k) => {
    if (clip === null || middle === 0 || norms[k]! <= clip * middle) return update;
    return Float64Array.from(update, (value, i) => base[i]! + ((value - base[i]!) * clip * middle) / norms[k]!);
  });
}

/** Of three or more, whoever would pull the base further than the others can all together is brought back to that. */
function outvoted<T extends Float32Array | Float64Array>(
  updates: readonly T[],
  base: Float32Array,
  weights: readonly number[],
): readonly (T | Float64Array)[] {
  const pulls = updates.map((update, k) => weights[k]! * Math.hypot(...update.map((value, i) => value - base[i]!)));
  const all = pulls.reduce((sum, pull) => sum + pull, 0);
  return updates.map((update, k) => {
    const [own, others] = [pulls[k]!, all - pulls[k]!];
    if (updates.length < 3 || others <= 1e-12 * own || own <= others * (1 + 1e-9)) return update;
    return Float64Array.from(update, (value, i) => base[i]! + ((value - base[i]!) * others) / own);
  });
}
