import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  copyParameters,
  flattenParameters,
  matchLayout,
  parameterBytes,
  updateNorm,
  viewParameters,
} from './parameter-set.ts';
import { summarizeTensor } from './summarize-tensor.ts';
import { elementCount, float32Tensor, tensorBytes } from './tensor.ts';

const layout = [
  { name: 'dense.kernel', shape: [2, 3] },
  { name: 'dense.bias', shape: [2] },
];

describe('tensors', () => {
  test('count and size follow the shape', () => {
    assert.equal(elementCount([]), 1);
    assert.equal(elementCount([3, 0, 2]), 0);
    assert.equal(tensorBytes({ dtype: 'F16', shape: [3, 5] }), 30);
    assert.throws(() => float32Tensor('w', [2, 2], new Float32Array(3)), /w: 3 elements for shape \[2, 2\]/);
  });

  test('flatten and view are inverse', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 8, maxLength: 8 }), (values) => {
        const flat = Float32Array.from(values);
        const set = viewParameters(layout, flat);
        assert.deepEqual(flattenParameters(set), flat);
        assert.equal(parameterBytes(set), 32);
      }),
    );
  });

  test('a copy shares no memory', () => {
    const set = viewParameters(layout, new Float32Array(8));
    const copy = copyParameters(set);
    copy[0]?.data.fill(3, 0, 1);
    assert.equal(set[0]?.data[0], 0);
    assert.equal(updateNorm(set, copy), 3);
  });

  test('a set is matched by name, and each difference is named', () => {
    const set = viewParameters(layout, new Float32Array(8));
    const reversed = matchLayout([...set].reverse(), layout);
    assert.ok(reversed.ok);
    assert.deepEqual(
      reversed.value.map(({ name }) => name),
      ['dense.kernel', 'dense.bias'],
    );
    const problem = (tensors: Parameters<typeof matchLayout>[0]): string => {
      const result = matchLayout(tensors, layout);
      return result.ok ? 'none' : result.error;
    };
    const [kernel, bias] = set;
    assert.ok(kernel && bias);
    assert.match(problem([kernel]), /dense.bias is missing/);
    assert.match(problem([kernel, bias, { ...bias, name: 'more' }]), /more does not belong/);
    assert.match(problem([kernel, { ...bias, shape: [1, 2] }]), /dense.bias has shape \[1, 2\], expected \[2\]/);
    assert.match(problem([kernel, { ...bias, dtype: 'F64', data: new Float64Array(2) }]), /is F64, expected F32/);
    assert.match(problem([kernel, kernel]), /same name/);
  });
});

describe('summarizeTensor', () => {
  test('counts what is not finite and keeps it out of the mean', () => {
    const summary = summarizeTensor(float32Tensor('w', [5], Float32Array.of(1, NaN, -3, Infinity, 5)));
    assert.deepEqual(
      { ...summary },
      {
        name: 'w',
        dtype: 'F32',
        shape: [5],
        sizeBytes: 20,
        elements: 5,
        min: -3,
        mean: 1,
        max: 5,
        nanCount: 1,
        infCount: 1,
      },
    );
  });

  test('reads half precision and 64-bit integers', () => {
    const half = summarizeTensor({
      name: 'h',
      dtype: 'F16',
      shape: [4],
      data: Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0x0001),
    });
    assert.equal(half.min, -2);
    assert.equal(half.max, 1);
    assert.equal(half.infCount, 1);
    const brain = summarizeTensor({ name: 'b', dtype: 'BF16', shape: [2], data: Uint16Array.of(0x3f80, 0x7fc0) });
    assert.equal(brain.mean, 1);
    assert.equal(brain.nanCount, 1);
    assert.equal(summarizeTensor({ name: 'i', dtype: 'I64', shape: [2], data: BigInt64Array.of(-4n, 2n) }).mean, -1);
  });

  test('an empty or wholly non-finite tensor has no range', () => {
    assert.equal(summarizeTensor(float32Tensor('e', [0], new Float32Array(0))).mean, null);
    assert.equal(summarizeTensor(float32Tensor('n', [1], Float32Array.of(NaN))).min, null);
  });
});
