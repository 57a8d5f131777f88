import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { differentiate } from '../gradients/differentiate.ts';
import { writeModel } from '../onnx/write-model.ts';
import { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import { openGraph, type GraphInput } from '../runtime.ts';
import { fillClassTargets, type ClassWeighting } from './class-targets.ts';
import { clipGradients } from './clip-gradients.ts';
import { losses, type LossName } from './losses.ts';
import { addUpdate, scalarNames, scalarsOf, slotsOf, type OptimizerSettings } from './optimizers.ts';

const numbers = z.array(z.number());
/** Made by PyTorch in float64: see make.py beside it. */
const fixture = z
  .object({
    losses: z.object({
      given: z.object({ logits: numbers, labels: numbers, targets: numbers, weight: numbers }),
      found: z.record(z.string(), z.object({ value: z.number(), gradient: numbers })),
    }),
    optimizers: z.object({
      start: numbers,
      gradients: z.array(numbers),
      found: z.record(z.string(), z.array(numbers)),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../../test/fixtures/pytorch/steps.json', import.meta.url), 'utf8')));

function close(what: string, found: ArrayLike<number> | undefined, expected: readonly number[], most = 2e-6): void {
  assert.equal(found?.length, expected.length, what);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(value - (found?.[i] as number)) < most, `${what}: ${found?.[i]} but ${value}`);
  }
}

/** The four examples of the fixture, and two rows behind them that do not count. */
const [rows, examples, classes] = [6, 4, 3];

describe("losses are PyTorch's, of a batch that is not full too", () => {
  const cases: readonly (readonly [string, LossName, ClassWeighting?])[] = [
    ['cross_entropy', 'cross_entropy'],
    ['cross_entropy, weighted', 'cross_entropy', { classWeights: fixture.losses.given.weight }],
    ['cross_entropy, smoothed', 'cross_entropy', { labelSmoothing: 0.1 }],
    [
      'cross_entropy, weighted and smoothed',
      'cross_entropy',
      { classWeights: fixture.losses.given.weight, labelSmoothing: 0.1 },
    ],
    ['mse', 'mse'],
    ['mae', 'mae'],
    ['bce', 'bce'],
  ];
  for (const [name, loss, weighting] of cases) {
    test(name, async () => {
      const { given, found } = fixture.losses;
      const graph = new TypedGraph({ opset: 20 });
      const shape = [rows, classes];
      const [output, targets] = ['output', 'targets'].map((key) => graph.input(key, 'float32', shape)) as [
        Value,
        Value,
      ];
      const weights = graph.input('weights', 'float32', [rows]);
      const value = losses[loss](graph, { output, targets, weights });
      const [gradient] = differentiate(graph, value, [output]);
      graph.output('loss', value);
      graph.output('gradient', gradient as Value);
      const goal = new Float32Array(rows * classes);
      if (loss === 'cross_entropy') fillClassTargets(goal, given.labels, { ...weighting, count: examples, classes });
      else goal.set(given.targets);
      const logits = new Float32Array(rows * classes).fill(0.3);
      logits.set(given.logits);
      const feeds: Record<string, GraphInput> = { output: { data: logits, shape }, targets: { data: goal, shape } };
      // Cross-entropy has its weights in the targets; a graph without a use for an input does not take it.
      const data = new Float32Array(rows).fill(1 / examples, 0, examples);
      feeds['weights'] = { data, shape: [rows] };
      await using session = await openGraph(writeModel(graph.model('loss')));
      const results = await session.run(feeds);
      const expected = found[name] ?? assert.fail(`the fixture has ${name}`);
      close('loss', results['loss'], [expected.value]);
      close('gradient', results['gradient'], [
        ...expected.gradient,
        ...new Array<number>((rows - examples) * classes).fill(0),
      ]);
    });
  }
});

describe("optimizers step as PyTorch's", () => {
  const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const cases: Readonly<Record<string, OptimizerSettings>> = {
    sgd: { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 },
    'sgd, momentum': { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 },
    'sgd, nesterov and decay': { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    adam: { kind: 'adam', ...adam, weightDecay: 0 },
    'adam, decay': { kind: 'adam', ...adam, weightDecay: 0.01 },
    adamw: { kind: 'adamw', ...adam, weightDecay: 0.05 },
    'sgd, clipped': { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 },
  };
  for (const [name, settings] of Object.entries(cases)) {
    test(name, async () => {
      const { start, gradients, found } = fixture.optimizers;
      const shape = [start.length];
      const graph = new TypedGraph({ opset: 20 });
      const [parameter, raw] = ['parameter', 'gradient'].map((key) => graph.input(key, 'float32', shape)) as [
        Value,
        Value,
      ];
      const names = slotsOf(settings);
      const slots = names.map((key) => graph.input(key, 'float32', shape));
      const [rate, correction1, correction2] = scalarNames.map((key) => graph.input(key, 'float32', [])) as [
        Value,
        Value,
        Value,
      ];
      const [gradient] = name.includes('clipped') ? clipGradients(graph, [raw], 0.5) : [raw];
      const scalars = { rate, correction1, correction2 };
      const next = addUpdate(graph, settings, { parameter, gradient: gradient as Value, slots, scalars });
      graph.output('next', next.parameter);
      for (const [i, key] of names.entries()) graph.output(`next ${key}`, next.slots[i] as Value);
      await using session = await openGraph(writeModel(graph.model('update')));
      let state: Record<string, Float32Array> = { parameter: Float32Array.from(start) };
      for (const key of names) state[key] = new Float32Array(start.length);
      for (const [i, one] of gradients.entries()) {
        const step = scalarsOf(settings, 0.1, i + 1);
        const feeds: Record<string, GraphInput> = { gradient: { data: Float32Array.from(one), shape } };
        for (const [key, data] of Object.entries(state)) feeds[key] = { data, shape };
        for (const [key, value] of Object.entries(step)) feeds[key] = { data: Float32Array.of(value), shape: [] };
        const results = await session.run(feeds);
        state = { parameter: results['next'] as Float32Array };
        for (const key of names) state[key] = results[`next ${key}`] as Float32Array;
        close(`step ${i + 1}`, state['parameter'], found[name]?.[i] ?? []);
      }
    });
  }
});

test('a batch of classes without weight teaches nothing', () => {
  const targets = new Float32Array(6).fill(1);
  fillClassTargets(targets, [0, 0], { classWeights: [0, 1, 1], count: 2, classes: 3 });
  assert.deepEqual([...targets], [0, 0, 0, 0, 0, 0]);
});
