import assert from 'node:assert/strict';
import { seededRandom, type Random } from '#shared/base/random.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import { differentiate } from '#engine/trainer/gradients/differentiate.ts';
import { placeModel } from '#engine/trainer/lowering/place-model.ts';
import type { OnnxModel } from '#engine/trainer/onnx/onnx-model.ts';
import { writeModel } from '#engine/trainer/onnx/write-model.ts';
import { sum } from '#engine/trainer/operators/graph-parts.ts';
import { TypedGraph } from '#engine/trainer/operators/typed-graph.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import { openGraph, type GraphInput } from '#engine/trainer/runtime.ts';
import { evaluate64 } from './evaluate.ts';
import type { Tensor64 } from './tensor-loops.ts';

export type Network = Pick<OnnxModel, 'nodes' | 'initializers' | 'inputs' | 'outputs'>;

/** float32 against float64: what the rounding of some hundred sums leaves. */
const tolerance = 1e-5;
const step = 1e-5;
/** Elements of a tensor whose differences are taken, chosen by seed where there are more. */
const sampledMax = 40;

/**
 * Runs a network and its backward pass in the runtime, in float32, and compares outputs with the float64 reference and
 * gradients with its central differences: the loss is a sum of the outputs with random weights.
 * @param given what gradients are taken by; must be among the network's inputs or initializers
 */
export async function checkGradients(
  network: Network,
  given: ReadonlyMap<string, GraphInput>,
  seed: string,
): Promise<void> {
  const random = seededRandom(seed);
  const graph = new TypedGraph({ opset: 20 });
  const values = new Map([...given].map(([name, { shape }]) => [name, graph.input(name, 'float32', shape)]));
  const { outputs } = placeModel(graph, network, { mode: 'training', values, seed: 1 });
  const weights = outputs.map(({ shape }) => new Float32Array(elementCount(shape)).map(() => random.normal()));
  const gradients = differentiate(graph, weighted(graph, outputs, weights), [...values.values()]);
  for (const [i, value] of outputs.entries()) graph.output(`output.${i}`, value);
  for (const [i, name] of [...values.keys()].entries()) graph.output(`gradient.${name}`, gradients[i] as Value);
  await using session = await openGraph(writeModel(graph.model('check')));
  const results = await session.run(Object.fromEntries(given));
  const exact = new Map([...given].map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]));
  for (const [i, output] of evaluate64(network, exact).entries()) {
    close(`output ${i}`, results[`output.${i}`] as Float32Array, output.data);
  }
  for (const [name, { data }] of exact) {
    const chosen = sample(data.length, random);
    const found = results[`gradient.${name}`] as Float32Array;
    assert.equal(found.length, data.length);
    const numeric = chosen.map((index) => difference(network, exact, { name, index, weights }));
    close(
      `gradient of ${name}`,
      Float32Array.from(chosen, (i) => found[i] as number),
      Float64Array.from(numeric),
    );
  }
}

function weighted(graph: TypedGraph, outputs: readonly Value[], weights: readonly Float32Array[]): Value {
  const parts = outputs.map((output, i) => {
    const own = graph.data({ type: 'float32', shape: output.shape, data: weights[i] as Float32Array });
    return sum(graph, graph.op('Mul', [output, own]), [...output.shape.keys()]);
  });
  return parts.reduce((total, part) => graph.op('Add', [total, part]));
}

function difference(
  network: Network,
  exact: ReadonlyMap<string, Tensor64>,
  at: { readonly name: string; readonly index: number; readonly weights: readonly Float32Array[] },
): number {
  const [up, down] = [step, -step].map((change) => {
    const tensor = exact.get(at.name) as Tensor64;
    const data = tensor.data.with(at.index, (tensor.data[at.index] as number) + change);
    const outputs = evaluate64(network, new Map([...exact, [at.name, { ...tensor, data }]]));
    let loss = 0;
    for (const [i, output] of outputs.entries())
      output.data.forEach((value, j) => (loss += value * (at.weights[i]?.[j] as number)));
    return loss;
  }) as [number, number];
  return (up - down) / (2 * step);
}

function sample(length: number, random: Random): number[] {
  return random.shuffle(Array.from({ length }, (_, i) => i)).slice(0, sampledMax);
}

/** By the length of the difference against the length of the whole; what is zero is compared with a thousandth. */
export function close(what: string, found: Float32Array, expected: Float64Array, least = 1e-3): void {
  assert.equal(found.length, expected.length, what);
  let [error, whole] = [0, 0];
  for (const [i, value] of expected.entries()) {
    error += (value - (found[i] as number)) ** 2;
    whole += value ** 2;
  }
  const relative = Math.sqrt(error) / Math.max(Math.sqrt(whole), least);
  assert.ok(
    relative < tolerance,
    `${what}: ${relative} apart; found ${[...found.slice(0, 5)].join()}, expected ${[...expected.slice(0, 5)].join()}`,
  );
}
