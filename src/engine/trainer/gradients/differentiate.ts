import { assert } from '#shared/base/assert.ts';
import { sameShape } from '#shared/tensor/tensor.ts';
import { isFloat } from '../onnx/element-types.ts';
import { zeros } from '../operators/graph-parts.ts';
import type { PlacedCall, TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import { findRule, hasNoSlope } from './rules.ts';

/**
 * Adds the backward pass to a graph: gradients of `loss`, a scalar, by each of `by` (reverse accumulation; Griewank & Walther
 * 2008, chapter 3). One that the loss does not depend on gets zeros. Decision 0106.
 * @throws GraphFault `no_gradient` with the node, before anything has been added
 */
export function differentiate(graph: TypedGraph, loss: Value, by: readonly Value[]): readonly Value[] {
  assert(loss.shape.length === 0 && isFloat(loss.type), 'a loss is a scalar');
  const calls = [...graph.calls];
  const dependent = findDependent(calls, by);
  const path = findPath(calls, loss, dependent);
  for (const call of path) {
    if (findRule(call.type)) continue;
    const hint = 'Build the network without this operator, or train only parameters behind it';
    throw call.fault('no_gradient', 'the gradient of this operator is not known', hint);
  }
  const gradients = new Map<string, Value>([[loss.name, graph.scalar(1, loss.type)]]);
  for (const call of path) takeBack(graph, call, { gradients, dependent });
  return by.map((value) => gradients.get(value.name) ?? zeros(graph, value));
}

/** Names of values that change with one of `by`. */
function findDependent(calls: readonly PlacedCall[], by: readonly Value[]): ReadonlySet<string> {
  const dependent = new Set(by.map(({ name }) => name));
  for (const call of calls) {
    if (hasNoSlope(call.type) || !call.inputs.some((value) => value && dependent.has(value.name))) continue;
    for (const { name, type } of call.outputs) if (isFloat(type)) dependent.add(name);
  }
  return dependent;
}

/** Nodes between `by` and the loss, the last one first. */
function findPath(calls: readonly PlacedCall[], loss: Value, dependent: ReadonlySet<string>): PlacedCall[] {
  const reached = new Set([loss.name]);
  const path: PlacedCall[] = [];
  for (const call of calls.toReversed()) {
    if (!call.outputs.some(({ name }) => reached.has(name) && dependent.has(name))) continue;
    path.push(call);
    for (const value of call.inputs) if (value && dependent.has(value.name)) reached.add(value.name);
  }
  return path;
}

function takeBack(
  graph: TypedGraph,
  call: PlacedCall,
  { gradients, dependent }: { readonly gradients: Map<string, Value>; readonly dependent: ReadonlySet<string> },
): void {
  const own = call.outputs.map(({ name }) => gradients.get(name));
  const [output] = call.outputs;
  const gradient = own[0] ?? (output && zeros(graph, output));
  const rule = findRule(call.type);
  assert(gradient && rule, `${call.type} has an output and a rule`);
  const wants = (input: number): boolean => {
    const value = call.inputs[input];
    return value !== undefined && dependent.has(value.name) && isFloat(value.type);
  };
  const found = rule({ graph, call, gradient, gradients: own, wants });
  for (const [i, one] of found.entries()) {
    const input = call.inputs[i];
    if (!one || !input || !wants(i)) continue;
    if (!sameShape(one.shape, input.shape)) {
      throw call.fault('no_gradient', `its gradient is [${one.shape.join(', ')}] for [${input.shape.join(', ')}]`);
    }
    const before = gradients.get(input.name);
    gradients.set(input.name, before ? graph.op('Add', [before, one]) : one);
  }
}
