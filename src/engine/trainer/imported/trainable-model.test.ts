import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GraphFault, type FaultReason } from '../onnx/graph-fault.ts';
import type { OnnxModel, OnnxPort, OnnxTensor } from '../onnx/onnx-model.ts';
import { matchesPattern, requireTrainable } from './trainable-model.ts';

const tensor = (name: string, shape: readonly number[] = [2, 2]): OnnxTensor => ({
  name,
  type: 'float32',
  shape,
  data: new Float32Array(shape.reduce((product, dimension) => product * dimension, 1)),
});
const port = (name: string, rest: Partial<OnnxPort> = {}): OnnxPort => ({
  name,
  type: 'float32',
  shape: ['batch', 2],
  ...rest,
});

function model(rest: Partial<OnnxModel> = {}): OnnxModel {
  return {
    opset: 20,
    producer: 'pytorch',
    graphName: 'g',
    nodes: [],
    initializers: [
      tensor('body.weight'),
      tensor('head.weight'),
      tensor('head.bias', [2]),
      tensor('bn.running_mean', [2]),
    ],
    inputs: [port('x')],
    outputs: [port('y')],
    marks: new Map([
      ['body.weight', 'parameter'],
      ['head.weight', 'parameter'],
      ['head.bias', 'parameter'],
      ['bn.running_mean', 'buffer'],
    ]),
    ...rest,
  };
}

describe('a model from outside', () => {
  test('trains what is marked as a parameter, or those of them that are named', () => {
    const all = requireTrainable(model());
    assert.deepEqual(all.trained, ['body.weight', 'head.weight', 'head.bias']);
    assert.deepEqual(all.tensors.at(-1), { name: 'bn.running_mean', shape: [2] });
    assert.deepEqual([all.inputName, all.inputShape], ['x', [2]]);
    assert.deepEqual(requireTrainable(model(), { trains: ['head.*'] }).trained, ['head.weight', 'head.bias']);
    assert.deepEqual(requireTrainable(model(), { trains: ['*weight', 'none'] }).trained, [
      'body.weight',
      'head.weight',
    ]);
  });

  const refused: Readonly<Record<string, readonly [Partial<OnnxModel>, FaultReason, RegExp]>> = {
    'two outputs': [
      { outputs: [port('y'), port('z')] },
      'inputs_outputs',
      /the outputs y, z.* one input and one output/,
    ],
    'no input': [{ inputs: [] }, 'inputs_outputs', /one input/],
    'an input of integers': [{ inputs: [port('x', { type: 'int64' })] }, 'element_type', /"x" is int64/],
    'a free height': [
      { inputs: [port('x', { shape: ['batch', 1, 'height', 48] })] },
      'shape',
      /\[batch, 1, height, 48\].*free batch/,
    ],
    'no dimension': [{ inputs: [port('x', { shape: [] })] }, 'shape', /free batch in front/],
    'no marks': [{ marks: new Map() }, 'inputs_outputs', /which of its tensors are parameters.*optimize=False/],
    'weights that the exporter folded, under the name of a parameter': [
      {
        initializers: [...model().initializers, tensor('conv1.weight')],
        nodes: [{ type: 'Conv', name: 'c', inputs: ['x', 'conv1.weight'], outputs: ['y'], attributes: new Map() }],
      },
      'inputs_outputs',
      /Conv "c": its weights conv1\.weight \[2, 2\] were made by the exporter.*optimize=False/,
    ],
    'parameters in float64': [
      { initializers: [{ ...tensor('body.weight'), type: 'float64', data: new Float64Array(4) }] },
      'element_type',
      /body\.weight is float64/,
    ],
  };
  for (const [what, [rest, reason, message]] of Object.entries(refused)) {
    test(`is refused with ${what}`, () => {
      assert.throws(
        () => requireTrainable(model(rest)),
        (error) => error instanceof GraphFault && error.reason === reason && message.test(error.message),
      );
    });
  }

  test('is refused when no name fits, with names that would', () => {
    assert.throws(
      () => requireTrainable(model(), { trains: ['decoder.*'] }),
      /None of the 4 tensors.*body\.weight, head\.weight/,
    );
  });
});

test('patterns', () => {
  for (const [name, pattern, fits] of [
    ['a.b', 'a.b', true],
    ['a.b', 'a', false],
    ['a.b', '*', true],
    ['a.b.c', 'a*c', true],
    ['a.b.c', '*b*', true],
    ['a.b.c', 'a*b', false],
    ['aa', 'aa*aa', false],
    ['axbxc', '*x*x*', true],
    ['axb', '*x*x*', false],
    ['', '', true],
  ] as const) {
    assert.equal(matchesPattern(name, pattern), fits, `${name} ${pattern}`);
  }
});
