import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { placeModel } from '../lowering/place-model.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import type { OnnxNode } from '../onnx/onnx-model.ts';
import { writeModel } from '../onnx/write-model.ts';
import { float, int } from '../operators/attributes.ts';
import { sum } from '../operators/graph-parts.ts';
import { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import { openGraph } from '../runtime.ts';
import { differentiate } from './differentiate.ts';

async function run(
  graph: TypedGraph,
  feeds: Readonly<Record<string, Float32Array>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const { inputs } = graph.model('test');
  await using session = await openGraph(writeModel(graph.model('test')));
  const shapes = new Map(inputs.map(({ name, shape }) => [name, shape as readonly number[]]));
  const full = Object.entries(feeds).map(([name, data]) => [name, { data, shape: shapes.get(name) ?? [] }] as const);
  return await session.run(Object.fromEntries(full));
}

describe('differentiate', () => {
  test('adds up what comes back on several paths, and gives zeros where there is none', async () => {
    const graph = new TypedGraph({ opset: 20 });
    const [x, other] = [graph.input('x', 'float32', [2]), graph.input('other', 'float32', [3])];
    const square = graph.op('Mul', [x, x]);
    const loss = sum(graph, graph.op('Add', [square, graph.op('Mul', [square, x])]), [0]);
    const [byX, byOther] = differentiate(graph, loss, [x, other]);
    graph.output('byX', byX as Value);
    graph.output('byOther', byOther as Value);
    const results = await run(graph, { x: Float32Array.of(2, -1), other: Float32Array.of(1, 1, 1) });
    // 2 x + 3 x²
    assert.deepEqual([...(results['byX'] ?? [])], [16, 1]);
    assert.deepEqual([...(results['byOther'] ?? [])], [0, 0, 0]);
  });

  test('adds nothing for what does not train', () => {
    const graph = new TypedGraph({ opset: 20 });
    const [x, w] = [graph.input('x', 'float32', [2, 3]), graph.input('w', 'float32', [3, 4])];
    const loss = sum(graph, graph.op('MatMul', [x, w]), [0, 1]);
    const before = graph.calls.length;
    differentiate(graph, loss, [w]);
    const added = graph.calls.slice(before).map(({ type }) => type);
    assert.ok(!added.includes('MatMul'), `the gradient by the data is computed: ${added.join()}`);
  });

  test('names an operator without a gradient before anything is added', () => {
    const graph = new TypedGraph({ opset: 20 });
    const x = graph.input('x', 'float32', [2, 3]);
    const [product] = graph.call('ReduceProd', [x], { attributes: { keepdims: int(0) }, title: 'ReduceProd "size"' });
    const before = graph.calls.length;
    assert.throws(
      () => differentiate(graph, product as Value, [x]),
      (error) => error instanceof GraphFault && error.reason === 'no_gradient' && error.node === 'ReduceProd "size"',
    );
    assert.equal(graph.calls.length, before);
  });
});

function node(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: OnnxNode['attributes'] = new Map(),
): OnnxNode {
  return { type, name: '', inputs, outputs, attributes };
}

const port = (name: string): { name: string; type: 'float32'; shape: readonly number[] } => ({
  name,
  type: 'float32',
  shape: [],
});

describe('networks in training mode', () => {
  test('dropout repeats with its seed, scales what stays, and lets gradients through there alone', async () => {
    const initializers = [
      { name: 'ratio', type: 'float32', shape: [], data: Float32Array.of(0.25) },
      { name: 'on', type: 'bool', shape: [], data: Uint8Array.of(1) },
    ] as const;
    const network = {
      nodes: [node('Dropout', ['x', 'ratio', 'on'], ['y'])],
      initializers,
      inputs: [port('x')],
      outputs: [port('y')],
    };
    const once = async (seed: number): Promise<{ y: Float32Array; gradient: Float32Array }> => {
      const graph = new TypedGraph({ opset: 20 });
      const x = graph.input('x', 'float32', [4000]);
      const { outputs } = placeModel(graph, network, { mode: 'training', values: new Map([['x', x]]), seed });
      const [gradient] = differentiate(graph, sum(graph, outputs[0] as Value, [0]), [x]);
      graph.output('y', outputs[0] as Value);
      graph.output('gradient', gradient as Value);
      const results = await run(graph, { x: new Float32Array(4000).fill(3) });
      return { y: results['y'] as Float32Array, gradient: results['gradient'] as Float32Array };
    };
    const [first, again, other] = [await once(5), await once(5), await once(6)];
    assert.deepEqual(first, again);
    assert.notDeepEqual(first.y, other.y);
    assert.deepEqual(
      first.gradient,
      first.y.map((value) => value / 3),
    );
    assert.deepEqual(
      [...new Set(first.y)].toSorted((a, b) => a - b),
      [0, 4],
    );
    assert.ok(Math.abs(first.y.filter((value) => value === 0).length / 4000 - 0.25) < 0.03);
  });

  test('running statistics follow as in PyTorch, and evaluation uses them', async () => {
    const network = {
      nodes: [
        node(
          'BatchNormalization',
          ['x', 'gamma', 'beta', 'mean', 'variance'],
          ['y'],
          new Map([['momentum', float(0.75)]]),
        ),
      ],
      initializers: [],
      inputs: [port('x')],
      outputs: [port('y')],
    };
    const place = (mode: 'training' | 'evaluation'): TypedGraph => {
      const graph = new TypedGraph({ opset: 20 });
      const names = ['gamma', 'beta', 'mean', 'variance'];
      const values = new Map([['x', graph.input('x', 'float32', [4, 1])]]);
      for (const name of names) values.set(name, graph.input(name, 'float32', [1]));
      const { outputs, updates } = placeModel(graph, network, { mode, values, seed: 0 });
      graph.output('y', outputs[0] as Value);
      for (const [name, value] of updates) graph.output(`next.${name}`, value);
      return graph;
    };
    const feeds = {
      x: Float32Array.of(1, 2, 3, 6),
      gamma: Float32Array.of(2),
      beta: Float32Array.of(1),
      mean: Float32Array.of(1),
      variance: Float32Array.of(9),
    };
    const trained = await run(place('training'), feeds);
    // Mean 3, variance 14 / 4 for the output and 14 / 3 for the running one.
    assert.ok(Math.abs((trained['next.mean']?.[0] as number) - (0.75 * 1 + 0.25 * 3)) < 1e-6);
    assert.ok(Math.abs((trained['next.variance']?.[0] as number) - (0.75 * 9 + (0.25 * 14) / 3)) < 1e-5);
    assert.ok(Math.abs((trained['y']?.[3] as number) - (1 + (2 * 3) / Math.sqrt(3.5 + 1e-5))) < 1e-5);
    const evaluated = await run(place('evaluation'), feeds);
    assert.ok(Math.abs((evaluated['y']?.[3] as number) - (1 + (2 * 5) / Math.sqrt(9 + 1e-5))) < 1e-5);
  });
});
