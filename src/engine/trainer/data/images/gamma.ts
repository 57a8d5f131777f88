import type { Random } from '#shared/base/random.ts';

/**
 * The logarithm of a gamma variate, Marsaglia & Tsang 2000 ("A simple method for generating gamma variables"). The
 * logarithm, because for the small shapes of a Dirichlet draw the variate itself underflows to zero.
 */
function logGamma(shape: number, random: Random): number {
  if (shape < 1) return logGamma(shape + 1, random) + Math.log(1 - random.next()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.next()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return Math.log(d * v);
  }
}

/** A draw from Dirichlet(concentrations): shares that sum to 1. Concentrations are positive. */
export function dirichlet(concentrations: readonly number[], random: Random): number[] {
  const logs = concentrations.map((concentration) => logGamma(concentration, random));
  const largest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
