import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GraphFault } from '../onnx/graph-fault.ts';
import { writeModel } from '../onnx/write-model.ts';
import type { OnnxAttribute } from '../onnx/onnx-model.ts';
import { openGraph } from '../runtime.ts';
import { int, ints } from './attributes.ts';
import { TypedGraph } from './typed-graph.ts';
import type { Value } from './value.ts';

type Make = (graph: TypedGraph, data: (shape: readonly number[]) => Value) => Value;

const op =
  (
    type: string,
    shape: readonly number[],
    more: readonly (readonly number[])[] = [],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): Make =>
  (graph, data) =>
    graph.op(type, [data(shape), ...more.map((values) => graph.int64s(values))], attributes);

/** What is computed here when the input is known, and by the runtime when it is not. */
const folded: Readonly<Record<string, Make>> = {
  transpose: op('Transpose', [2, 3, 4], [], { perm: ints([1, 2, 0]) }),
  'slice with steps': op(
    'Slice',
    [5, 6],
    [
      [-1, 1],
      [-100, 5],
      [0, 1],
      [-2, 3],
    ],
  ),
  'slice of nothing': op('Slice', [5, 6], [[4], [2]]),
  expand: op('Expand', [3, 1], [[2, 1, 4]]),
  gather: op('Gather', [3, 4], [[2, -3]], { axis: int(0) }),
  'gather columns': op('Gather', [2, 3, 2], [[1, 1, 0, -1]], { axis: int(1) }),
  reshape: op('Reshape', [2, 3, 4], [[4, 0, -1]]),
  squeeze: op('Squeeze', [1, 3, 1], [[-1]]),
  unsqueeze: op('Unsqueeze', [3], [[0, 2]]),
  flatten: op('Flatten', [2, 3, 4], [], { axis: int(-1) }),
  concat: (graph, data) => graph.op('Concat', [data([2, 1, 2]), data([2, 3, 2])], { axis: int(1) }),
  'add, broadcast': (graph, data) => graph.op('Add', [data([2, 1, 3]), data([4, 1])]),
  'divide, broadcast': (graph, data) => graph.op('Div', [data([3]), data([2, 3])]),
  where: (graph, data) => graph.op('Where', [graph.op('Greater', [data([2, 3]), data([3])]), data([1]), data([2, 3])]),
  'divide integers': (graph, data) => {
    const whole = graph.op('Cast', [graph.op('Mul', [data([4]), graph.scalar(9)])], { to: int(7) });
    return graph.op('Cast', [graph.op('Div', [whole, graph.int64s([4])])], { to: int(1) });
  },
  'cast to bool': (graph, data) => graph.op('Cast', [graph.op('Cast', [data([3])], { to: int(9) })], { to: int(1) }),
};

/** Runs `make` on inputs, or on constants of the same elements. */
async function run(
  make: Make,
  known: boolean,
): Promise<{ shape: readonly number[]; data: Float32Array; nodes: number }> {
  const graph = new TypedGraph({ opset: 20 });
  const feeds: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
  const value = make(graph, (shape) => {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    const data = Float32Array.from({ length: count }, (_, i) => ((i * 7) % 11) - 4.5);
    if (known) return graph.data({ type: 'float32', shape, data });
    const name = `input ${Object.keys(feeds).length}`;
    feeds[name] = { data, shape };
    return graph.input(name, 'float32', shape);
  });
  graph.output('y', value);
  const model = graph.model('folding');
  await using session = await openGraph(writeModel(model));
  const data = (await session.run(feeds))['y'] as Float32Array;
  return { shape: value.shape, data, nodes: model.nodes.length };
}

describe('a typed graph', () => {
  for (const [name, make] of Object.entries(folded)) {
    test(`computes constants as the runtime does: ${name}`, async () => {
      const [ours, theirs] = [await run(make, true), await run(make, false)];
      assert.deepEqual([ours.shape, ours.data], [theirs.shape, theirs.data]);
      assert.ok(ours.nodes === 1 && theirs.nodes > 1, 'the constant one has its output alone');
    });
  }

  test('knows sizes that a network works out from its own shapes', () => {
    const graph = new TypedGraph({ opset: 20 });
    const x = graph.input('x', 'float32', [8, 3, 4]);
    const shape = graph.op('Shape', [x]);
    const batch = graph.op('Gather', [shape, graph.constant('int64', [], [0])]);
    const rows = graph.op('Concat', [graph.op('Unsqueeze', [batch, graph.int64s([0])]), graph.int64s([-1])], {
      axis: int(0),
    });
    assert.deepEqual(graph.op('Reshape', [x, rows]).shape, [8, 12]);
  });

  test('refuses what does not fit, and names the node', () => {
    const graph = new TypedGraph({ opset: 20 });
    const x = graph.input('x', 'float32', [8, 3, 4]);
    const fails = (type: string, inputs: readonly Value[], message: RegExp): void => {
      const title = `${type} "layer"`;
      assert.throws(
        () => graph.call(type, inputs, { title }),
        (error) => error instanceof GraphFault && error.node === title && message.test(error.message),
      );
    };
    fails('Add', [x, graph.input('b', 'float32', [5])], /\[8, 3, 4\] and \[5\] do not fit/);
    fails('MatMul', [x, graph.input('w', 'float32', [3, 4])], /cannot be multiplied/);
    fails('Reshape', [x, graph.int64s([5, -1])], /cannot become/);
    fails('Reshape', [x, graph.input('s', 'int64', [2])], /must be known before/);
    fails('Expand', [x, graph.int64s([100_000, 100_000, 3, 4])], /cannot be expanded/);
    fails('ConstantOfShape', [graph.int64s([160_000, 160_000])], /would have 97657 MiB/);
    fails('Reshape', [x, graph.int64s([-8, -12])], /cannot become|would be/);
    fails('TopK', [x], /not known here/);
    fails('Loop', [x], /cannot be differentiated/);
  });
});
