import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import { weightRuleDefault, type WeightRule } from '#shared/contract/run/weight-rule.ts';
import { aggregate } from './aggregate.ts';
import { FedAvg, type FedAvgInput, type FedAvgResult } from './fedavg.ts';
import { validateUpdate } from './validate-update.ts';

function average(input: FedAvgInput, slice = 1000): FedAvgResult {
  const job = new FedAvg(input);
  while (!job.step(slice));
  return job.result();
}

const input = fc
  .record({ size: fc.integer({ min: 1, max: 40 }), updates: fc.integer({ min: 1, max: 6 }) })
  .chain(({ size, updates }) => {
    const array = fc
      .array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: size, maxLength: size })
      .map((values) => Float32Array.from(values));
    return fc.record({
      base: array,
      updates: fc.array(array, { minLength: updates, maxLength: updates }),
      weights: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: updates, maxLength: updates }),
      clip: fc.constant(null),
    });
  });

describe('FedAvg', () => {
  test('weights by examples, accumulates in float64', () => {
    const { parameters } = average({
      base: Float32Array.of(0),
      updates: [Float32Array.of(1), Float32Array.of(4)],
      weights: [1, 2],
      clip: null,
    });
    assert.deepEqual(parameters, Float32Array.of(3));
    // In float32 the ones would vanish beside 2^24.
    const many = Array.from({ length: 5 }, (_, k) => Float32Array.of(k === 0 ? 2 ** 24 : 1));
    assert.deepEqual(
      average({ base: Float32Array.of(0), updates: many, weights: [1, 1, 1, 1, 1], clip: null }).parameters,
      Float32Array.of((2 ** 24 + 4) / 5),
    );
  });

  test('norm of the step, norm and cosine of each update', () => {
    const { stepNorm, measures } = average({
      base: Float32Array.of(1, 1),
      updates: [Float32Array.of(4, 1), Float32Array.of(1, 5)],
      weights: [1, 1],
      clip: null,
    });
    assert.equal(stepNorm, 2.5);
    assert.deepEqual(measures, [
      { norm: 3, cosine: 0.6, agreement: 0, clipped: 1, share: 0.5 },
      { norm: 4, cosine: 0.8, agreement: 0, clipped: 1, share: 0.5 },
    ]);
    assert.deepEqual(
      average({ base: Float32Array.of(1), updates: [Float32Array.of(1)], weights: [1], clip: null }).measures,
      [{ norm: 0, cosine: 0, agreement: 0, clipped: 1, share: 1 }],
    );
  });

  test('one that is too long counts in its direction, with the length that the median allows', () => {
    const { parameters, measures } = average({
      base: Float32Array.of(1, 1),
      updates: [Float32Array.of(2, 1), Float32Array.of(1, 2), Float32Array.of(-99, 1)],
      weights: [1, 1, 1],
      clip: 3,
    });
    // Two steps of 1, and one of 3 instead of 100.
    assert.deepEqual(parameters, Float32Array.of((2 + 1 - 2) / 3, (1 + 2 + 1) / 3));
    assert.deepEqual(
      measures.map(({ norm, clipped }) => [norm, clipped]),
      [
        [1, 1],
        [1, 1],
        [100, 0.03],
      ],
    );
  });

  test('whoever points against the others is told apart, whatever its size makes of the step', () => {
    const { measures } = average({
      base: Float32Array.of(0),
      updates: [1, 1, 1, -90].map((value) => Float32Array.of(value)),
      weights: [1, 1, 1, 1],
      clip: null,
    });
    // By the step alone the three would be the odd ones.
    assert.deepEqual(
      measures.map(({ cosine, agreement }) => [cosine, Math.round(agreement)]),
      [
        [-1, 1],
        [-1, 1],
        [-1, 1],
        [1, -1],
      ],
    );
  });

  test('property: however it is sliced, the result is the same to the last bit', () => {
    fc.assert(
      fc.property(input, fc.integer({ min: 1, max: 50 }), (data, slice) =>
        assert.deepEqual(average(data, slice), average(data)),
      ),
    );
  });

  test('property: the mean lies between the updates, one update is its own mean', () => {
    fc.assert(
      fc.property(input, (data) => {
        const { parameters, measures } = average(data);
        for (const [i, value] of parameters.entries()) {
          const column = data.updates.map((update) => update[i]!);
          assert.ok(value >= Math.min(...column) - 1e-3 && value <= Math.max(...column) + 1e-3);
        }
        for (const { cosine } of measures) assert.ok(cosine >= -1 && cosine <= 1);
        const [first] = data.updates;
        const alone = average({ base: data.base, updates: [first!], weights: [7], clip: null }).parameters;
        assert.deepEqual(
          [...alone],
          [...first!].map((value) => value + 0),
        );
      }),
    );
  });

  test('unequal lengths and weights that are none are our own mistakes', () => {
    const base = Float32Array.of(1, 2);
    assert.throws(
      () => new FedAvg({ base, updates: [Float32Array.of(1)], weights: [1], clip: null }),
      /1 parameters, the model has 2/,
    );
    assert.throws(() => new FedAvg({ base, updates: [base], weights: [0], clip: null }), /a weight of 0/);
    assert.throws(() => new FedAvg({ base, updates: [], weights: [], clip: null }), /nothing/);
  });

  test('a large aggregate yields often', async () => {
    const size = 400_000;
    const set = (value: number): ReturnType<typeof float32Tensor>[] => [
      float32Tensor('w', [size], new Float32Array(size).fill(value)),
    ];
    let yields = 0;
    const { parameters } = await aggregate(
      set(0),
      Array.from({ length: 10 }, (_, k) => ({ examples: 1, parameters: set(k) })),
      weightRuleDefault,
      async () => void yields++,
    );
    assert.equal(parameters[0]?.data[size - 1], 4.5);
    assert.ok(yields >= 10, `${yields} yields`);
  });
});

test('an aggregate keeps to the cap and the clip of its run', async () => {
  const one = (value: number): ReturnType<typeof float32Tensor>[] => [float32Tensor('w', [1], Float32Array.of(value))];
  const of = async (rule: WeightRule): Promise<readonly (readonly [share: number, clipped: number])[]> => {
    const contributions = [97, 1, 1, 1].map((examples, k) => ({ examples, parameters: one(k === 1 ? 10 : 1) }));
    const { measures } = await aggregate(one(0), contributions, rule, () => Promise.resolve());
    return measures.map(({ share, clipped }) => [share, clipped]);
  };
  const none = await of({ weightCap: null, normClip: null });
  assert.deepEqual([none[0]?.[0], none[1]?.[1]], [0.97, 1]);
  const [capped] = await of({ weightCap: 2, normClip: null });
  assert.ok(Math.abs((capped?.[0] ?? 0) - 0.5) < 1e-9, 'two equal shares of four');
  const [, clipped] = await of({ weightCap: null, normClip: 3 });
  assert.ok(Math.abs((clipped?.[1] ?? 0) - 0.3) < 1e-6, 'three medians');
});

describe('validateUpdate', () => {
  const layout = [
    { name: 'w', shape: [2, 2] },
    { name: 'b', shape: [2] },
  ];
  const good = [
    float32Tensor('w', [2, 2], Float32Array.of(1, 2, 3, 4)),
    float32Tensor('b', [2], Float32Array.of(5, 6)),
  ];
  const yieldToEventLoop = async (): Promise<void> => undefined;

  test('takes what fits, in the order of the layout', async () => {
    const finding = await validateUpdate([...good].reverse(), layout, yieldToEventLoop);
    assert.ok(finding.ok);
    assert.deepEqual(
      finding.parameters.map(({ name }) => name),
      ['w', 'b'],
    );
  });

  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    test(`refuses ${bad}, and says where it is`, async () => {
      const finding = await validateUpdate(
        [good[0]!, float32Tensor('b', [2], Float32Array.of(1, bad))],
        layout,
        yieldToEventLoop,
      );
      assert.deepEqual(finding, { ok: false, code: 'update_not_finite', reason: `element 1 of tensor b is ${bad}` });
    });
  }

  test('refuses another shape, another type, a missing and a surplus tensor', async () => {
    const wrong = [
      [good[0]!, float32Tensor('b', [1, 2], Float32Array.of(1, 2))],
      [good[0]!, { name: 'b', dtype: 'F64', shape: [2], data: new Float64Array(2) } as const],
      [good[0]!],
      [...good, float32Tensor('c', [], Float32Array.of(1))],
    ];
    for (const tensors of wrong) {
      const finding = await validateUpdate(tensors, layout, yieldToEventLoop);
      assert.ok(!finding.ok && finding.code === 'update_wrong_shape' && finding.reason.length > 20);
    }
  });
});
