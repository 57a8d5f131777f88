import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import { loadDigits } from './data/bundled/digits.ts';
import { takeShare } from './data/partition.ts';
import type { SplitSpec } from '#shared/contract/run/split.ts';
import { digitsDefaults } from './defaults.ts';
import { GraphCache, requirePlan } from './graph-cache.ts';
import { digitsModel } from './model/default-models.ts';
import { initialParameters } from './model/initial-parameters.ts';
import { evaluateInline, trainInline } from './train-inline.ts';
import type { TrainResult } from './training-jobs.ts';

/** The demo without network: what ten rounds must reach before anything can be said about how they travel. */
const participants = 4;
const rounds = 10;
const seed = 1;
const { signal } = new AbortController();

function average(results: readonly TrainResult[]): ParameterSet {
  const total = results.reduce((sum, { examples }) => sum + examples, 0);
  return (results[0] as TrainResult).parameters.map(({ name, shape }, i) => {
    const first = results[0]?.parameters[i]?.data as Float32Array;
    const sum = new Float64Array(first.length);
    for (const { parameters, examples } of results) {
      parameters[i]?.data.forEach((value, j) => (sum[j] = (sum[j] as number) + (value * examples) / total));
    }
    return float32Tensor(name, shape, Float32Array.from(sum));
  });
}

async function federate(split: SplitSpec): Promise<{ accuracies: number[]; trainMs: number }> {
  await using graphs = new GraphCache();
  const data = await loadDigits({ signal });
  const shares = Array.from({ length: participants }, (_, index) =>
    takeShare(data, { participants, index, split, seed }),
  );
  let parameters = initialParameters(requirePlan(digitsModel), seededRandom(seed));
  let trainMs = 0;
  const accuracies: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const results: TrainResult[] = [];
    for (const share of shares) {
      const job = { round, model: digitsModel, parameters, localEpochs: 4, ...digitsDefaults, seed };
      results.push(await trainInline(share, job, { clock: systemClock, graphs, signal }));
    }
    trainMs += results.reduce((sum, { durationMs }) => sum + durationMs, 0);
    parameters = average(results);
    let [correct, examples] = [0, 0];
    for (const share of shares) {
      const result = await evaluateInline(share, { round, model: digitsModel, parameters }, { graphs, signal });
      correct += result.accuracy * result.examples;
      examples += result.examples;
    }
    accuracies.push(correct / examples);
  }
  return { accuracies, trainMs };
}

describe('federated averaging of the bundled digits: 4 participants, 10 rounds of one local epoch', () => {
  for (const [name, split] of [
    ['iid', { kind: 'iid' }],
    ['dirichlet:0.3', { kind: 'dirichlet', alpha: 0.3 }],
  ] as const) {
    test(`${name} reaches 0.95 on held-out images`, async (t) => {
      const { accuracies, trainMs } = await federate(split);
      t.diagnostic(
        `${accuracies.map((value) => value.toFixed(3)).join(' ')}; ${Math.round(trainMs / rounds)} ms a round`,
      );
      assert.ok((accuracies.at(-1) as number) >= 0.95, accuracies.join());
    });
  }
});
